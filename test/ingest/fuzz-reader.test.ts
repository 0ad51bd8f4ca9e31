import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FastReader } from '../../ingest/fast/fast-reader.ts';
import type { ListedObject, ObjectReader } from '../../ingest/sources/source.ts';
import { plainReader, readTask, type RecordReader } from '../../ingest/task.ts';
import { recordsOf, sortCount } from '../support/mixed-trail.ts';

const records = recordsOf(Array.from({ length: sortCount }, (_, sort) => ({ sort, second: sort })));
const seeds: string[] = [
  JSON.stringify({ Records: records }),
  JSON.stringify(records),
  records.map((record) => JSON.stringify(record)).join('\n'),
  JSON.stringify({ Events: [{ CloudTrailEvent: JSON.stringify(records[0]) }] }),
  JSON.stringify({ logEvents: [{ message: JSON.stringify(records[1]) }] }),
];
const tokens = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  'null',
  '1e999',
  '"Records":',
  '\0',
  '\ufeff',
  '\n',
  '\\ud800',
];

/** One change of a text: a piece cut, doubled, moved, or a token put in. */
type Change = { kind: 'cut' | 'double' | 'put'; at: number; length: number; token: string };
const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('cut', 'double', 'put'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof(fc.nat(20), fc.nat(5_000)),
  token: fc.constantFrom(...tokens),
});

function changed(text: string, { kind, at, length, token }: Change): string {
  const from = Math.floor(at * text.length);
  const piece = text.slice(from, from + length);
  if (kind === 'cut') return text.slice(0, from) + text.slice(from + length);
  return text.slice(0, from) + (kind === 'double' ? piece : token) + text.slice(from);
}

const inputs = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.array(change, { maxLength: 5 }),
    fc.option(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(7)), { freq: 3 }),
    fc.boolean(),
  )
  .map(([seed, changes, flip, compressed]) => {
    const text = Buffer.from(changes.reduce(changed, seed));
    const bytes = compressed ? gzipSync(text, { level: 1 }) : text;
    if (flip && bytes.length > 0) bytes[Math.floor(flip[0] * (bytes.length - 1))]! ^= 1 << flip[1];
    return bytes;
  });

/** Reads the bytes as the only object of a task. */
async function read(bytes: Buffer, reader: RecordReader) {
  const object: ListedObject = {
    source: 'local',
    bucket: '',
    key: '/fuzz.json.gz',
    version: '1',
    size_bytes: bytes.length,
    last_modified_at: 0,
  };
  const objects: ObjectReader = {
    readConcurrency: 1,
    read: async () => Buffer.from(bytes),
    close() {},
  };
  const task = { reader: { source: 'local' } as const, objects: [object], content_bytes_max: 1e7 };
  return readTask(task, objects, reader);
}

test('2,000 damaged logs are read, refused or skipped, and neither reader loses a record', async () => {
  const fast = new FastReader();
  await fc.assert(
    fc.asyncProperty(inputs, async (bytes) => {
      const plain = await read(bytes, plainReader);
      const [object] = plain.objects;
      expect(object).toMatchObject({ row_from: 0, row_to: plain.events.rowCount });
      expect(object!.records_total).toBe(
        object!.non_kms + plain.events.rowCount + plain.rejects.length,
      );
      if (object!.status === 'ok') expect(object!.records_total).toBeGreaterThan(0);
      else if (object!.status !== 'empty') expect(object!.error_class).toMatch(/^\w+$/);
      const other = await read(bytes, fast);
      expect(other.objects).toEqual(plain.objects);
      expect(other.rejects).toEqual(plain.rejects);
    }),
    { numRuns: 2_000 },
  );
});
