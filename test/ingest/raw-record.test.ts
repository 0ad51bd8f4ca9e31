import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { ingest } from '../../ingest/ingest.ts';
import { placeOfEvent, rawRecord } from '../../ingest/raw-record.ts';
import { LocalReader } from '../../ingest/sources/local-reader.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import { openDatabase } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { sharedData, sharedFile } from '../support/shared-data.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'keymeter-raw-'));
afterAll(() => rmSync(folder, { recursive: true }));
const reader = new LocalReader();

async function ingested<T>(source: string, use: (engine: DuckDbEngine) => Promise<T>): Promise<T> {
  const database = await openDatabase(':memory:');
  const engine = new DuckDbEngine(database);
  try {
    await ingest(database, [await openSource(source)], { workers: 1 });
    return await use(engine);
  } finally {
    engine.close();
    database.close();
  }
}

const record = (id: string, note: string) =>
  `{ "eventID":"${id}","eventSource":"kms.amazonaws.com", "eventName":"Decrypt","eventType":"AwsApiCall","awsRegion":"eu-central-1","eventTime":"2026-10-05T12:00:00Z","recipientAccountId":"111111111111","userAgent":"${note}" }`;

function write(name: string, content: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, gzipSync(content));
  return file;
}

const texts = [
  record('a-1', 'brackets ]}, \\" and \\u003d'),
  record('a-2', 'x'),
  record('a-3', '🔑'),
];
const envelopes: [string, string][] = [
  ['records', `{"Records":[${texts.join(' , ')}]}`],
  ['array', `[${texts.join(',')}]`],
  ['lines', texts.join('\n')],
];

test.each(envelopes)('the exact text comes back out of %s', async (name, content) => {
  const file = write(`${name}.json.gz`, content);
  await ingested(file, async (engine) => {
    for (const [i, id] of ['a-1', 'a-2', 'a-3'].entries()) {
      const place = await placeOfEvent(engine, id);
      expect(place).toMatchObject({ record_index: i, entry: { key: file } });
      expect(await rawRecord(place!.entry, i, reader)).toEqual({
        json: texts[i],
        exact: true,
        sha256: createHash('sha256').update(content).digest('hex'),
        matches: true,
      });
    }
    expect(await placeOfEvent(engine, 'nowhere')).toBeNull();
  });
});

test('a record that travelled as a string is written anew, and says so', async () => {
  const file = write('lookup.json.gz', JSON.stringify({ Events: [{ CloudTrailEvent: texts[0] }] }));
  await ingested(file, async (engine) => {
    const { entry, record_index } = (await placeOfEvent(engine, 'a-1'))!;
    const raw = await rawRecord(entry, record_index, reader);
    expect(raw.exact).toBe(false);
    expect(JSON.parse(raw.json)).toEqual(JSON.parse(texts[0]!));
  });
});

test('changed content is told, also behind the same size and time', async () => {
  const file = write('changed.json.gz', `{"Records":[${texts[1]}]}`);
  await ingested(file, async (engine) => {
    const { entry } = (await placeOfEvent(engine, 'a-2'))!;
    const plain = { ...entry, content_sha256: '0'.repeat(64) };
    expect((await rawRecord(plain, 0, reader)).matches).toBe(false);
    expect((await rawRecord({ ...entry, content_sha256: null }, 0, reader)).matches).toBeNull();
    await expect(rawRecord(entry, 1, reader)).rejects.toThrow(/holds 1 records now/);
    utimesSync(file, 1, 1);
    await expect(rawRecord(entry, 0, reader)).rejects.toThrow(/was changed/);
  });
});

test.skipIf(!sharedData)('every stored event of real files leads to its own record', async () => {
  await ingested(sharedFile('real', 'invictus-aws_dataset'), async (engine) => {
    const rows = await engine.rows('SELECT event_id, object_id, record_index FROM kms_events');
    expect(rows.length).toBeGreaterThan(100);
    for (const row of rows) {
      const place = (await placeOfEvent(engine, String(row['event_id'])))!;
      expect([place.entry.object_id, place.record_index]).toEqual([
        row['object_id'],
        row['record_index'],
      ]);
      const raw = await rawRecord(place.entry, place.record_index, reader);
      expect(raw).toMatchObject({ exact: true, matches: true });
      const text = gunzipSync(readFileSync(place.entry.key)).toString('utf8');
      expect(text).toContain(raw.json);
      expect((JSON.parse(raw.json) as { eventID: string }).eventID).toBe(row['event_id']);
    }
  });
});
