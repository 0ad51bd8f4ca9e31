import { describe, expect, test } from 'vitest';
import { NOT_INTERNED, ROW_EVENT_ID } from '../../ingest/scanner/row-layout.ts';
import { fieldNumber, Scanner } from '../../ingest/scanner/scanner.ts';
import { kms, other, scanned } from '../support/scanned.ts';

const groups = [
  ['userIdentity', 'recipientAccountId'],
  ['eventName', 'requestParameters', 'resources', 'errorCode'],
];
const requestParameters = fieldNumber('requestParameters');

describe('a file in its usual form', () => {
  test('gives each KMS record a row, counts the others, and leaves nothing out', () => {
    const text = JSON.stringify({ Records: [kms(), other(), kms({ eventName: 'Encrypt' })] });
    const rows = scanned(new Scanner(), text);
    expect([rows.records, rows.kmsRecords, rows.otherRecords, rows.count]).toEqual([3, 2, 1, 2]);
    expect([rows.record(0), rows.record(1)]).toEqual([0, 2]);
    expect(JSON.parse(rows.field(1, fieldNumber('eventName'))!)).toBe('Encrypt');
    expect(rows.eventTime(0)).toBe(Date.UTC(2026, 1, 28, 23, 59, 59) / 1000);
    expect(rows.uuid(0, ROW_EVENT_ID).toString('hex')).toBe('0123456789abcdeffedcba9876543210');
    expect(rows.has(0, fieldNumber('errorCode'))).toBe(false);
    expect(rows.field(0, fieldNumber('errorCode'))).toBeUndefined();
  });

  test('may be empty', () => {
    const rows = scanned(new Scanner(), ' {"Records" : [ ] } \n');
    expect([rows.records, rows.count, rows.eventTimeMin]).toEqual([0, 0, null]);
  });

  test('has its time range over all services', () => {
    const at = (eventTime: string) => ({ eventTime });
    const text = JSON.stringify({
      Records: [kms(), other(at('2026-03-01T00:00:00Z')), other(at('2025-12-31T00:00:00Z'))],
    });
    const rows = scanned(new Scanner(), text);
    expect(rows.eventTimeMin).toBe(Date.UTC(2025, 11, 31) / 1000);
    expect(rows.eventTimeMax).toBe(Date.UTC(2026, 2, 1) / 1000);
  });

  test('gives the encryption context apart from the other parameters', () => {
    const parameters = { a: 1, encryptionContext: { 'aws:s3:arn': 'x' }, keyId: 'k' };
    const rows = scanned(
      new Scanner(),
      JSON.stringify({ Records: [kms({ requestParameters: parameters })] }),
    );
    expect(rows.encryptionContext(0)).toBe('{"aws:s3:arn":"x"}');
    expect(rows.requestParametersWithoutContext(0, requestParameters)).toBe(
      '{"a":1,"encryptionContext":null,"keyId":"k"}',
    );
  });

  test('keeps the events of interest of other services', () => {
    const interest = [
      { source: 'cloudtrail.amazonaws.com', name: 'StopLogging' },
      { source: 'iam.amazonaws.com' },
    ];
    const records = [
      other({ eventSource: 'cloudtrail.amazonaws.com', eventName: 'StopLogging' }),
      other({ eventSource: 'cloudtrail.amazonaws.com', eventName: 'StopLoggin' }),
      other({ eventSource: 'iam.amazonaws.com', eventName: 'CreateRole' }),
      other(),
    ];
    const rows = scanned(new Scanner({ interest }), JSON.stringify({ Records: records }));
    expect(rows.otherRecords).toBe(4);
    expect([0, 1].map((row) => [rows.kind(row), rows.record(row)])).toEqual([
      ['kept', 0],
      ['kept', 2],
    ]);
    expect(JSON.parse(rows.text(1))).toEqual(records[2]);
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
  ])('%s makes a record unusual, and its neighbours not', (_what, members) => {
    const { eventSource: _, ...rest } = kms();
    const odd = JSON.stringify(rest).replace('{', `{${members},`);
    const rows = scanned(
      new Scanner(),
      `{"Records":[${JSON.stringify(kms())},${odd},${JSON.stringify(kms())}]}`,
    );
    expect([0, 1, 2].map((row) => rows.kind(row))).toEqual(['kms', 'unusual', 'kms']);
    expect(rows.text(1)).toBe(odd);
  });

  test.each([
    ['a bare array', '[{}]', 'envelope'],
    ['another object', '{"Events":[]}', 'envelope'],
    ['an escaped key', '{"Record\\u0073":[]}', 'envelope'],
    ['the key twice', '{"Records":[],"Records":[]}', 'envelope'],
    ['a byte order mark', '\ufeff{"Records":[]}', 'envelope'],
    ['nothing', '', 'envelope'],
    ['text after the end', '{"Records":[]}{', 'malformed'],
    ['a comma too many', '{"Records":[{},]}', 'malformed'],
    ['no comma', '{"Records":[{} {}]}', 'malformed'],
  ])('%s is refused as a whole', (_what, text, reason) => {
    expect(new Scanner().scan(Buffer.from(text))).toMatchObject({ ok: false, reason });
  });

  test('bytes that are no UTF-8 are refused', () => {
    const bytes = Buffer.from(JSON.stringify({ Records: [kms({ userAgent: 'x' })] }));
    bytes[bytes.indexOf('"x"') + 1] = 0xff;
    expect(new Scanner().scan(bytes)).toMatchObject({ ok: false, reason: 'encoding' });
  });

  test('a file of more elements than real records could be is refused before it takes memory', () => {
    const bytes = Buffer.from(`{"Records":[${'1,'.repeat(200_000)}1]}`);
    expect(new Scanner().scan(bytes)).toMatchObject({ ok: false, reason: 'size' });
  });

  test('every cut-off text is refused', () => {
    const context = { 'aws:s3:arn': 'a\\"b\u00e9' };
    const text = JSON.stringify({
      Records: [kms({ requestParameters: { encryptionContext: context } }), other(), kms()],
    });
    const bytes = Buffer.from(text);
    const scanner = new Scanner({ groups });
    for (let length = 0; length < bytes.length; length++) {
      expect(scanner.scan(bytes.subarray(0, length)).ok, `${length} bytes`).toBe(false);
    }
    expect(scanner.scan(bytes).ok).toBe(true);
  });
});

describe('interning', () => {
  test('gives equal texts equal ids across files, and the context no part in it', () => {
    const scanner = new Scanner({ groups });
    const file = (context: string, name: string) =>
      scanned(
        scanner,
        JSON.stringify({
          Records: [
            kms({
              eventName: name,
              requestParameters: { encryptionContext: { context }, keyId: 'k' },
            }),
          ],
        }),
      ).group(0, 1);
    expect([
      file('a', 'Decrypt'),
      file('b', 'Decrypt'),
      file('a', 'Encrypt'),
      file('c', 'Decrypt'),
    ]).toEqual([0, 0, 1, 0]);
    expect(scanner.distinct(1)).toBe(2);
  });

  test('does not mix up where one field ends and the next begins', () => {
    const scanner = new Scanner({ groups: [['eventName', 'errorCode', 'errorMessage']] });
    const records = [
      { errorCode: 'a' },
      { errorMessage: 'a' },
      { errorCode: 'a', errorMessage: 'a' },
      {},
    ];
    const rows = scanned(
      scanner,
      JSON.stringify({ Records: records.map((fields) => kms(fields)) }),
    );
    expect(new Set(records.map((_, row) => rows.group(row, 0))).size).toBe(4);
  });

  test('stays bounded: when the table is full rows say so, and the next file starts anew', () => {
    const scanner = new Scanner({ groups: [['userAgent']] });
    const records = Array.from({ length: 40_000 }, (_, i) =>
      kms({ userAgent: `agent ${i}`, apiVersion: 'x'.repeat(300) }),
    );
    const bytes = Buffer.from(JSON.stringify({ Records: records }));
    const first = scanned(scanner, bytes);
    expect(scanner.generation).toBe(0);
    expect(first.group(0, 0)).toBe(0);
    expect(first.group(39_999, 0)).toBe(NOT_INTERNED);
    expect(JSON.parse(first.field(39_999, fieldNumber('userAgent'))!)).toBe('agent 39999');
    scanned(scanner, JSON.stringify({ Records: [kms({ userAgent: 'agent 7' })] }));
    expect([scanner.generation, scanner.distinct(0)]).toEqual([1, 1]);
  });
});
