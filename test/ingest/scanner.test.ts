import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  SUMMARY_KMS,
  SUMMARY_OTHER,
  SUMMARY_RECORDS,
  SUMMARY_ROWS,
} from '../../ingest/scan/layout.ts';
import { Scanner } from '../../ingest/scan/scanner.ts';
import { relatedEventNames } from '../../reference/related-events.ts';
import { noPath } from '../support/same-batch.ts';
import { kms, other } from '../support/scanned.ts';
import { sharedData, sharedFile } from '../support/shared-data.ts';

const kept = relatedEventNames();

function scannerOf(): Scanner {
  const scanner = new Scanner();
  scanner.keep(kept);
  return scanner;
}

/** Scans a text that must be scannable; the rows, as `unusual` or by their place in the file. */
function scanned(scanner: Scanner, text: string | Uint8Array) {
  const bytes = Buffer.from(text as string);
  const result = scanner.scan(bytes, noPath);
  if (!result.ok) throw new Error(`${result.reason} at ${result.offset}`);
  const rows = Array.from({ length: scanner.summary(SUMMARY_ROWS) }, (_, row) => ({
    record: scanner.record(row),
    unusual: scanner.isUnusual(row),
    text: scanner.recordText(row),
  }));
  return {
    rows,
    end: result.end,
    counts: [SUMMARY_RECORDS, SUMMARY_KMS, SUMMARY_OTHER].map((place) => scanner.summary(place)),
  };
}

const fileOf = (records: readonly unknown[]) => JSON.stringify({ Records: records });

describe('a file in its usual form', () => {
  test('gives KMS records and kept events a row, and counts the others', () => {
    const records = [kms(), other({ eventName: 'ListBuckets' }), other(), kms()];
    const { rows, counts, end } = scanned(scannerOf(), fileOf(records));
    expect(counts).toEqual([4, 2, 2]);
    expect(rows.map(({ record }) => record)).toEqual([0, 2, 3]);
    expect(JSON.parse(rows[1]!.text)).toEqual(records[2]);
    expect(end).toBe(fileOf(records).length);
  });

  test('may be empty, and says where the document ended', () => {
    const text = ' {"Records" : [ ] }';
    expect(scanned(scannerOf(), `${text} {"Records":[]}`)).toMatchObject({
      rows: [],
      counts: [0, 0, 0],
      end: text.length,
    });
  });
});

describe('what only a full parser can judge', () => {
  test.each([
    ['an escape in a key', '"eventSourc\\u0065":"kms.amazonaws.com"'],
    ['an escape in the source', '"eventSource":"km\\u0073.amazonaws.com"'],
    ['a key twice', '"eventSource":"s3.amazonaws.com","eventSource":"kms.amazonaws.com"'],
    ['no source', '"eventSaucer":"kms.amazonaws.com"'],
    ['a source that is no service', '"eventSource":"aws:s3"'],
    [
      'an id in upper case',
      '"eventSource":"kms.amazonaws.com","requestID":"0123ABCD-89AB-CDEF-FEDC-BA9876543210"',
    ],
    [
      'a context twice',
      '"eventSource":"kms.amazonaws.com","requestParameters":{"encryptionContext":{},"encryptionContext":{"a":"b"}}',
    ],
    ['a value that is no JSON', '"eventSource":"kms.amazonaws.com","requestParameters":{"a":[1}}'],
  ])('%s makes a record unusual, and its neighbours not', (_what, members) => {
    const { eventSource: _, ...rest } = kms();
    const odd = JSON.stringify(rest).replace('{', `{${members},`);
    const { rows } = scanned(
      scannerOf(),
      `{"Records":[${JSON.stringify(kms())},${odd},${JSON.stringify(kms())}]}`,
    );
    expect(rows.map(({ unusual }) => unusual)).toEqual([false, true, false]);
    expect(rows[1]!.text).toBe(odd);
  });

  test.each([
    ['a bare array', '[{}]', 'envelope'],
    ['another object', '{"Events":[]}', 'envelope'],
    ['an escaped key', '{"Record\\u0073":[]}', 'envelope'],
    ['the key twice', '{"Records":[],"Records":[]}', 'envelope'],
    ['a byte order mark', '\ufeff{"Records":[]}', 'envelope'],
    ['nothing', '', 'envelope'],
    ['a comma too many', '{"Records":[{},]}', 'malformed'],
    ['no comma', '{"Records":[{} {}]}', 'malformed'],
  ])('%s is refused as a whole', (_what, text, reason) => {
    expect(scannerOf().scan(Buffer.from(text), noPath)).toMatchObject({ ok: false, reason });
  });

  test('bytes that are no UTF-8 are refused', () => {
    const bytes = Buffer.from(fileOf([kms({ userAgent: 'x' })]));
    bytes[bytes.indexOf('"x"') + 1] = 0xff;
    expect(scannerOf().scan(bytes, noPath)).toMatchObject({ ok: false, reason: 'encoding' });
  });

  test('a file of more elements than real records could be is refused before it takes memory', () => {
    const bytes = Buffer.from(`{"Records":[${'1,'.repeat(200_000)}1]}`);
    expect(scannerOf().scan(bytes, noPath)).toMatchObject({ ok: false, reason: 'size' });
  });

  test('every cut-off text is refused', () => {
    const context = { 'aws:s3:arn': 'a\\"b\u00e9' };
    const bytes = Buffer.from(
      fileOf([kms({ requestParameters: { encryptionContext: context } }), other(), kms()]),
    );
    const scanner = scannerOf();
    for (let length = 0; length < bytes.length; length++) {
      expect(scanner.scan(bytes.subarray(0, length), noPath).ok, `${length} bytes`).toBe(false);
    }
    expect(scanner.scan(bytes, noPath).ok).toBe(true);
  });
});

test('single damaged bytes: whatever JSON.parse accepts is found record by record', () => {
  const scanner = scannerOf();
  const text = fileOf([
    kms({ requestParameters: { encryptionContext: { a: 'b\\' }, keyId: '"' } }),
    other(),
    kms(),
  ]);
  fc.assert(
    fc.property(
      fc.nat(text.length - 1),
      fc.constantFrom(...'"\\{}[],: \n0aZ', '\u0000', '\u00e9', '', '""', '\\u0041'),
      fc.boolean(),
      (at, put, insert) => {
        const damaged = text.slice(0, at) + put + text.slice(insert ? at : at + 1);
        let parsed: { Records: unknown[] };
        try {
          parsed = JSON.parse(damaged);
        } catch {
          scanner.scan(Buffer.from(damaged), noPath); // it may accept what it skips, but it comes to an end
          return;
        }
        if (!scanner.scan(Buffer.from(damaged), noPath).ok) return;
        const { rows, counts } = scanned(scanner, damaged);
        expect(counts[0]).toBe(parsed.Records.length);
        for (const { record, text: json } of rows) {
          expect(JSON.parse(json)).toEqual(parsed.Records[record]);
        }
      },
    ),
    { numRuns: 5000 },
  );
});

test.skipIf(!sharedData)('real logs: all records are found, and none is unusual', () => {
  const scanner = scannerOf();
  const root = sharedFile('real');
  let records = 0;
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.gz')) continue;
    const { rows, counts } = scanned(scanner, gunzipSync(readFileSync(`${root}/${name}`)));
    expect(rows.filter(({ unusual }) => unusual)).toEqual([]);
    records += counts[0]!;
  }
  const truth = JSON.parse(readFileSync(sharedFile('truth-real.json'), 'utf8'));
  expect(records).toBe(truth.total_records);
});
