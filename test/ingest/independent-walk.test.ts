import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import { openDatabase } from '../../store/database.ts';
import { engineOver } from '../../store/open-engine.ts';
import { sharedData, sharedFile } from '../support/shared-data.ts';

/** KMS events anywhere in a value, also in texts that are JSON; it shares no code with the reader. */
function kmsIn(value: unknown): number {
  if (typeof value === 'string') {
    if (!value.includes('eventSource')) return 0;
    try {
      return kmsIn(JSON.parse(value));
    } catch {
      return 0;
    }
  }
  if (typeof value !== 'object' || value === null) return 0;
  const { eventSource, eventName } = value as Record<string, unknown>;
  if (typeof eventSource === 'string' && typeof eventName === 'string' && !Array.isArray(value)) {
    return eventSource === 'kms.amazonaws.com' ? 1 : 0;
  }
  return Object.values(value).reduce((sum: number, member: unknown) => sum + kmsIn(member), 0);
}

/** The values of a text: the longest first, by trying every end of an object. Slow and obvious. */
function kmsInText(text: string): number {
  try {
    return kmsIn(JSON.parse(text));
  } catch {
    // Not one document.
  }
  let sum = 0;
  for (let from = text.indexOf('{'); from >= 0; from = text.indexOf('{', from)) {
    let to = text.indexOf('}', from);
    let found = false;
    for (; to >= 0; to = text.indexOf('}', to + 1)) {
      try {
        sum += kmsIn(JSON.parse(text.slice(from, to + 1)));
        found = true;
        break;
      } catch {
        // Not its end.
      }
    }
    from = found ? to + 1 : from + 1;
  }
  return sum;
}

const isUtf16 = (bytes: Buffer) =>
  (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);

function textOf(bytes: Buffer): string {
  const content = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
  if (!isUtf16(content)) return content.toString('utf8').replace(/^\ufeff/, '');
  return (content[0] === 0xff ? content : Buffer.from(content).swap16())
    .toString('utf16le')
    .slice(1);
}

// In a tar.gz and a CSV the walk finds nothing: the first is refused, in the second quotes are doubled.
const otherForms = /\.csv|\.csv\.gz$|tar\.gz$|\.zip$/;

test.skipIf(!sharedData).each(['real', 'fixtures', 'negative', 'inputs'])(
  'every KMS event that a plain walk finds in %s is stored, a duplicate, or rejected',
  async (folder) => {
    const files = readdirSync(sharedFile(folder), { recursive: true, encoding: 'utf8' });
    const database = await openDatabase(':memory:');
    const engine = engineOver(database);
    try {
      await ingest(database, [await openSource(sharedFile(folder))], { workers: 2 });
      const rows = await engine.rows(
        'SELECT key, inserted + duplicate + rejected AS kms FROM ingest_objects',
      );
      const stored = new Map(rows.map((row) => [String(row['key']), Number(row['kms'])]));
      let compared = 0;
      for (const file of files) {
        const place = path.join(sharedFile(folder), file);
        const kms = stored.get(place);
        if (kms === undefined || otherForms.test(file) || file.endsWith('expected.json')) continue;
        expect([file, kms]).toEqual([file, kmsInText(textOf(readFileSync(place)))]);
        compared++;
      }
      expect(compared).toBeGreaterThan(3);
    } finally {
      engine.close();
      database.close();
    }
  },
);
