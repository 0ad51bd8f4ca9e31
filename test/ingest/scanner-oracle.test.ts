import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fieldNames,
  NOT_INTERNED,
  ROW_EVENT_ID,
  ROW_REQUEST_ID,
  ROW_SHARED_EVENT_ID,
} from '../../ingest/scanner/row-layout.ts';
import type { ScannedRows } from '../../ingest/scanner/scanned-rows.ts';
import { fieldNumber, Scanner } from '../../ingest/scanner/scanner.ts';
import { mutatedFile } from '../support/mutated-trail.ts';
import { type Json, kms, other } from '../support/scanned.ts';
import { sharedData, sharedFile } from '../support/shared-data.ts';

const groups = [
  ['userIdentity', 'recipientAccountId'],
  ['eventName', 'requestParameters', 'resources', 'errorCode'],
];
const anyText = fc.string({ unit: 'binary', maxLength: 80 });
/** What a text that is skipped 16 or 64 bytes at a time could trip over. */
const syntaxText = fc.string({
  unit: fc.constantFrom('\\', '"', '{', '}', '[', ']', ',', ':', 'a'),
  maxLength: 150,
});
const requestParameters = fieldNumber('requestParameters');

describe('against JSON.parse', () => {
  test('10,000 mutated records: the same values, or the record is left to the plain reader', () => {
    const scanner = new Scanner({ groups });
    const seen = new Map<string, string>();
    const counts = { records: 0, kms: 0, unusual: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.noShrink(fc.integer()),
        fc.array(fc.oneof(anyText, syntaxText), { minLength: 1 }),
        fc.array(fc.jsonValue(), { minLength: 1 }),
        (seed, words, values) => {
          compare(scanner, mutatedFile({ seed, words, values, records: 12 }), seen, counts);
        },
      ),
      { numRuns: 1000 },
    );
    expect(counts.records).toBeGreaterThan(10_000);
    expect(counts.refused).toBe(0);
    expect(counts.kms).toBeGreaterThan(3_000);
    expect(counts.unusual).toBeGreaterThan(300);
  });

  test('single damaged bytes: whatever JSON.parse accepts is read as it reads it', () => {
    const scanner = new Scanner({ groups });
    const text = JSON.stringify({
      Records: [
        kms({ requestParameters: { encryptionContext: { a: 'b\\' }, keyId: '"' } }),
        other(),
        kms(),
      ],
    });
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom(...'"\\{}[],: \n0aZ', '\u0000', '\u00e9', '', '""', '\\u0041'),
        fc.boolean(),
        (at, put, insert) => {
          const damaged = text.slice(0, at) + put + text.slice(insert ? at : at + 1);
          try {
            JSON.parse(damaged);
          } catch {
            scanner.scan(Buffer.from(damaged)); // it may accept what it skips, but it comes to an end
            return;
          }
          compare(scanner, damaged, seen);
        },
      ),
      { numRuns: 5000 },
    );
  });

  test.skipIf(!sharedData)('real logs: every record the same, none unusual', () => {
    const scanner = new Scanner({ groups });
    const seen = new Map<string, string>();
    const counts = { records: 0, kms: 0, unusual: 0, refused: 0 };
    for (const file of logFiles(sharedFile('real')))
      compare(scanner, gunzipSync(readFileSync(file)), seen, counts);
    expect(counts.refused).toBe(0);
    expect(counts.unusual).toBe(0);
    const truth = JSON.parse(readFileSync(sharedFile('truth-real.json'), 'utf8'));
    expect(counts.records).toBe(truth.total_records);
  });

  test.skipIf(!sharedData)(
    'other envelopes and hand-made examples: the same, unusual, or refused',
    () => {
      const scanner = new Scanner({ groups });
      for (const folder of ['fixtures', 'negative']) {
        for (const file of logFiles(sharedFile(folder)))
          compare(scanner, gunzipSync(readFileSync(file)), new Map());
      }
    },
  );
});

/** Scans the text and compares all that the rows say with JSON.parse. */
function compare(
  scanner: Scanner,
  file: string | Uint8Array,
  seen: Map<string, string>,
  counts = { records: 0, kms: 0, unusual: 0, refused: 0 },
): void {
  const rows = scanner.scan(Buffer.from(file as string));
  if (!rows.ok) {
    counts.refused++;
    return;
  }
  const parsed = JSON.parse(Buffer.from(file as string).toString()) as { Records: Json[] };
  expect(rows.records).toBe(parsed.Records.length);
  const withRow = new Set<number>();
  for (let row = 0; row < rows.count; row++) {
    const record = parsed.Records[rows.record(row)]!;
    withRow.add(rows.record(row));
    const text = rows.text(row);
    expect(text).toBe(text.trim());
    expect(JSON.parse(text)).toEqual(record);
    if (rows.kind(row) === 'unusual') counts.unusual++;
    else {
      expect(rows.kind(row)).toBe('kms');
      counts.kms++;
      compareKms(rows, row, record);
      for (const group of groups.keys()) compareGroup(scanner, rows, row, group, seen);
    }
  }
  parsed.Records.forEach((record, index) => {
    counts.records++;
    if (withRow.has(index)) return;
    expect(record['eventSource']).not.toBe('kms.amazonaws.com');
    expect(record['eventSource']).toMatch(/.\.amazonaws\.com$/s);
  });
  expect(rows.kmsRecords + rows.otherRecords + unusualCount(rows)).toBe(rows.records);
}

function compareKms(rows: ScannedRows, row: number, record: Json): void {
  expect(record['eventSource']).toBe('kms.amazonaws.com');
  fieldNames.forEach((name, field) => {
    const text = rows.field(row, field);
    expect(text !== undefined, name).toBe(Object.hasOwn(record, name));
    if (text !== undefined) expect(JSON.parse(text), name).toEqual(record[name]);
  });
  expect(new Date(rows.eventTime(row) * 1000).toISOString().replace('.000Z', 'Z')).toBe(
    record['eventTime'],
  );
  const ids = {
    eventID: ROW_EVENT_ID,
    requestID: ROW_REQUEST_ID,
    sharedEventID: ROW_SHARED_EVENT_ID,
  };
  for (const [name, word] of Object.entries(ids)) {
    if (!Object.hasOwn(record, name)) continue;
    const hex = rows.uuid(row, word).toString('hex');
    expect(hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')).toBe(record[name]);
  }
  const parameters = record['requestParameters'] as Json | null | undefined;
  const isObject =
    typeof parameters === 'object' && parameters !== null && !Array.isArray(parameters);
  const has = isObject && Object.hasOwn(parameters, 'encryptionContext');
  const context = rows.encryptionContext(row);
  expect(context !== undefined).toBe(has);
  if (has) {
    expect(JSON.parse(context!)).toEqual(parameters['encryptionContext']);
    const rest = JSON.parse(rows.requestParametersWithoutContext(row, requestParameters)!);
    expect(rest).toEqual({ ...parameters, encryptionContext: null });
  }
}

/** Equal ids stand for equal texts, and different ids for different ones. */
function compareGroup(
  scanner: Scanner,
  rows: ScannedRows,
  row: number,
  group: number,
  seen: Map<string, string>,
): void {
  const text = JSON.stringify(
    groups[group]!.map((name) =>
      name === 'requestParameters'
        ? rows.requestParametersWithoutContext(row, requestParameters)
        : rows.field(row, fieldNumber(name)),
    ),
  );
  const id = rows.group(row, group);
  if (id === NOT_INTERNED) return;
  const key = `${scanner.generation}/${group}/`;
  expect(seen.get(`${key}${id}`) ?? text).toBe(text);
  expect(seen.get(`${key}${text}`) ?? String(id)).toBe(String(id));
  seen.set(`${key}${id}`, text).set(`${key}${text}`, String(id));
}

function unusualCount(rows: ScannedRows): number {
  let count = 0;
  for (let row = 0; row < rows.count; row++) if (rows.kind(row) === 'unusual') count++;
  return count;
}

function logFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.gz'))
    .map((name) => `${folder}/${name}`);
}
