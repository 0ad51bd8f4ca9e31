import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { expectConserved } from '../support/database-content.ts';
import { kmsRecord, put, type RawKmsRecord } from '../support/kms-records.ts';

/** What the ledger must say of a file; counts: KMS events, not KMS, rejected, foreign. */
interface Case {
  file: string;
  content: Buffer;
  said: [status: string, error_class: string | null];
  counts: [number, number, number, number];
}

let made = 0;
const kms = (changes: RawKmsRecord = {}) => kmsRecord(`kind ${made++}`, changes);
const s3 = () => kms({ eventSource: 's3.amazonaws.com', eventName: 'GetObject' });
const json = (value: unknown) => JSON.stringify(value);
const cases: Case[] = [];
const add = (
  file: string,
  content: Buffer | string,
  said: Case['said'],
  counts: Case['counts'] = [0, 0, 0, 0],
) => cases.push({ file, content: Buffer.from(content as string), said, counts });
/** Two KMS events and one of S3, all read. */
const fine = (file: string, content: (records: RawKmsRecord[]) => Buffer | string) =>
  add(file, content([kms(), s3(), kms()]), ['ok', null], [2, 1, 0, 0]);
const utf16 = (text: string, order: 'le' | 'be', mark: boolean) => {
  const bytes = Buffer.from(mark ? `\ufeff${text}` : text, 'utf16le');
  return order === 'le' ? bytes : bytes.swap16();
};
const csvCell = (text: string) => `"${text.replaceAll('"', '""')}"`;

// Rows of JSON texts.
fine('pretty.json', (all) => all.map((one) => JSON.stringify(one, null, 2)).join('\n'));
fine('back-to-back', (all) => all.map(json).join(''));
fine('members.gz', (all) => Buffer.concat(all.map((one) => gzipSync(json(one)))));
fine('strings.txt', (all) => all.map((one) => json(json(one))).join('\n'));
fine('records between.json', ([a, b, c]) => `${json(a)}\n${json({ Records: [b] })}${json([c])}`);
fine('crlf.ndjson', (all) => `${all.map(json).join('\r\n')}\r\n`);
fine('sequence.json-seq', (all) => all.map((one) => `\u001e${json(one)}\n`).join(''));
add(
  'firehose',
  json({ messageType: 'CONTROL_MESSAGE', logEvents: [] }) +
    json({ messageType: 'DATA_MESSAGE', logEvents: [{ id: '1', message: json(kms()) }] }),
  ['ok', null],
  [1, 0, 0, 0],
);
// Lines.
fine('export.log', (all) => all.map((one) => `2026-10-05T12:00:00.000Z ${json(one)}`).join('\n'));
fine('syslog', (all) => all.map((one) => `<134>Oct  5 12:00:00 host ct: ${json(one)}`).join('\n'));
fine('lookup.txt', (all) =>
  all.map((one) => `EVENTS\tAKIA\t${json(one)}\tid\nRESOURCES\tarn\tAWS::KMS::Key`).join('\n'),
);
fine('lookup.yaml', (all) =>
  [
    'Events:',
    ...all.map((one) => `- AccessKeyId: AKIA\n  CloudTrailEvent: '${json(one)}'\n  EventId: x`),
  ].join('\n'),
);
// Encodings.
for (const order of ['le', 'be'] as const) {
  for (const mark of [true, false]) {
    fine(`utf16${order}${mark ? ' with' : ' without'} mark`, (all) =>
      utf16(JSON.stringify({ Records: all }, null, 1), order, mark),
    );
  }
}
fine('utf8 with mark', (all) => `\ufeff${json({ Records: all })}`);
// CSV.
fine('lake.csv', (all) =>
  ['eventID,eventJson', ...all.map((one) => `x,${csvCell(json(one))}`)].join('\n'),
);
fine('insights.csv', (all) =>
  [
    '"@timestamp","@message"',
    ...all.map((one) => `"2026","${json(one).replaceAll('"', '""')}"`),
  ].join('\r\n'),
);
fine('one column.csv', (all) => ['_raw', ...all.map((one) => csvCell(json(one)))].join('\n'));
add(
  'history.csv',
  'Event ID,Event time,User name,Event name,Event source\n1,2026-10-05T12:00:00Z,app,Decrypt,kms.amazonaws.com\n',
  ['skipped', 'event_history_csv'],
);
add('athena.csv', '"eventtime","eventname","useridentity"\n"2026","Decrypt","{type=IAMUser}"\n', [
  'skipped',
  'csv_without_records',
]);
// Containers.
add('a.zip', 'PK\u0003\u0004rest', ['dead', 'archive']);
add('a.tar', Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\u000000')]), ['dead', 'archive']);
add('a.tar.gz', gzipSync(Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\u000000')])), [
  'dead',
  'archive',
]);
add('a.zst', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1]), ['dead', 'compressed']);
add('a.bz2', 'BZh91AY', ['dead', 'compressed']);
add('a.xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1]), ['dead', 'compressed']);
add('a.parquet', 'PAR1....PAR1', ['dead', 'container']);
// What is no record.
const foreign: [string, unknown, string][] = [
  ['flow', { version: 2, srcaddr: '10.0.0.1', dstaddr: '10.0.0.2' }, 'vpc_flow_log'],
  ['app', { level: 'info', time: 1, msg: 'kms.amazonaws.com said no' }, 'application_log'],
  ['config', { configSnapshotId: 'x', configurationItems: [] }, 'config_snapshot'],
  ['guardduty', { 'detail-type': 'GuardDuty Finding', detail: { id: 'x' } }, 'guardduty_finding'],
  ['waf', { webaclId: 'x', httpRequest: {} }, 'access_log'],
  ['ocsf', { class_uid: 6003, metadata: { product: { name: 'CloudTrail' } } }, 'ocsf_event'],
  ['hub', { ProductArn: 'x', AwsAccountId: '1' }, 'security_hub_finding'],
  ['audit', { kind: 'Event', apiVersion: 'audit.k8s.io/v1' }, 'kubernetes_audit'],
  ['control', { messageType: 'CONTROL_MESSAGE' }, 'control_message'],
  ['unknown', { a: 1 }, 'records_missing'],
];
for (const [name, value, error_class] of foreign) {
  add(`${name}.json`, json(value), ['skipped', error_class]);
  add(`${name}.ndjson`, `${json(value)}\n${json(value)}\n`, ['skipped', error_class]);
  const isHarmless = error_class === 'control_message';
  add(
    `${name} and a record.ndjson`,
    `${json(value)}\n${json(kms())}`,
    ['ok', isHarmless ? null : 'foreign_values'],
    [1, 0, 0, 1],
  );
}
add('flow.txt', '2 111122223333 eni-0a1b 10.0.0.1 10.0.0.2 443 1 6 1 40 1 2 ACCEPT OK\n', [
  'skipped',
  'vpc_flow_log',
]);
add('app.txt', '2026-10-05 12:00:00 INFO started\n2026-10-05 12:00:01 INFO done\n', [
  'skipped',
  'application_log',
]);
add('prose', 'Dear Bob,\nthe logs are on the other disk.\n', ['skipped', 'no_log']);
add('cut.ndjson', `${json(kms())}\n${json(kms()).slice(0, 300)}`, ['ok', null], [1, 0, 1, 0]);
add(
  'cut message.json',
  json({ logEvents: [{ message: json(kms()).slice(0, 400) }] }),
  ['ok', 'all_rejected'],
  [0, 0, 1, 0],
);
// Instants.
for (const [name, eventTime] of [
  ['offset', '2026-10-05T14:00:00+02:00'],
  ['short offset', '2026-10-05T07:00:00.123456-0500'],
  ['space', '2026-10-05 12:00:00.000000000'],
  ['UTC', '2026-10-05 12:00:00 UTC'],
] as const) {
  add(`instant ${name}.json`, json({ Records: [kms({ eventTime })] }), ['ok', null], [1, 0, 0, 0]);
}

describe('kinds of input', () => {
  const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-kinds-'));
  const ledger = new Map<string, Record<string, unknown>>();
  let database: Database;
  let times: unknown[];

  beforeAll(async () => {
    for (const { file, content } of cases) put(scratch, file, content);
    database = await openDatabase(':memory:');
    const engine = new DuckDbEngine(database, { connections: 1 });
    await ingest(database, [await openSource(scratch)], { workers: 1 });
    for (const row of await engine.rows('SELECT * FROM ingest_objects')) {
      ledger.set(path.basename(String(row['key'])), row);
    }
    times = await engine.rows('SELECT DISTINCT CAST(event_time AS VARCHAR) AS t FROM kms_events');
    await expectConserved(engine);
    engine.close();
  });
  afterAll(() => {
    database.close();
    rmSync(scratch, { recursive: true });
  });

  test.each(cases)('$file: $said', ({ file, said, counts }) => {
    const row = ledger.get(file)!;
    const { status, error_class, inserted, non_kms, rejected, foreign_values } = row;
    expect([status, error_class]).toEqual(
      file === 'members.gz' ? ['ok', 'gzip_multi_member'] : said,
    );
    const isRead = status === 'ok';
    expect([inserted, non_kms, rejected, isRead ? foreign_values : 0]).toEqual(counts);
  });

  test('all instants are one, in whole seconds', () => {
    expect(times).toEqual([{ t: '2026-10-05 12:00:00' }]);
  });
});
