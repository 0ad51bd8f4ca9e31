import { existsSync, readFileSync } from 'node:fs';
import type { Analysis } from '../analytics/analysis.ts';
import { csvOf } from '../formats/csv.ts';
import type { JsonSchema } from './json-schema.ts';

/** What an analysis answered on the demo trail, cut to its first row. */
export interface ExampleAnswer {
  rows: Record<string, unknown>[];
  notes: string[];
  truncated: boolean;
}

/** Written by `npm run docs`; an analysis that is not in it yet has no example. */
const file = new URL('./examples.json', import.meta.url);

/** Answers by analysis. */
export function exampleAnswers(): Readonly<Record<string, ExampleAnswer>> {
  if (!existsSync(file)) return {};
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, ExampleAnswer>;
}

/** The example as each text format writes it; empty without one. */
export function answerExamples(analysis: Analysis, answer: ExampleAnswer | undefined) {
  if (!answer) return { json: {}, ndjson: {}, csv: {} };
  const params = analysis.params.parse(analysis.example);
  const { rows, notes, truncated } = answer;
  const whole = { analysis: analysis.name, rows, notes, truncated, params, data_version };
  return {
    json: { example: JSON.parse(JSON.stringify(whole)) as unknown },
    ndjson: { example: rows.map((row) => `${JSON.stringify(row)}\n`).join('') },
    csv: { example: csvOf(Object.keys(analysis.row.shape), rows) },
  };
}

const data_version = '12';
const object_id = '6f9619ff-8b86-4d01-b42d-00c04fc964ff';
const key = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const event_id = '3f0c6a52-9d8e-4f3e-8a43-6a1e2f3b4c5d';
const log =
  'AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/05/111122223333_CloudTrail_us-east-1_20261005T1200Z_aaaaaaaaaaaaaaaa.json.gz';
const run_id = '0b2c7a10-5d0f-4f6e-9a64-2f0f3c1d5e77';

const values: Readonly<Record<string, unknown>> = {
  account: '111122223333',
  region: 'us-east-1',
  principal: 'arn:aws:iam::111122223333:role/app',
  key,
  alias: 'alias/payments',
  bucket: 'example-data',
  service: 's3.amazonaws.com',
  operation: 'Decrypt',
  session: 'exchange-2',
  access_key: 'ASIAEXAMPLEEXAMPLE00',
  source: '198.51.100.7',
  user_agent: 'aws-cli/2.17.0',
  vpc_endpoint: 'vpce-0a1b2c3d4e5f67890',
  grantee: 'arn:aws:iam::111122223333:role/app',
  rules: 'mass-decrypt,root-use',
  quota: 'crypto_symmetric',
  store: 'cks-1234567890abcdef0',
  to_account: '444455556666',
  to_region: 'eu-west-1',
  new_limit: 20_000,
  max_bytes: 10_485_760,
  message_bytes: 4_096,
  run: run_id,
  cursor: 'MTAw',
  object_id,
  record_index: 3,
  event_id,
};

/** What a parameter may be, for one that names no default and no choice itself. */
export function parameterExamples(name: string, schema: JsonSchema): { examples?: unknown[] } {
  if (['default', 'enum', 'examples'].some((word) => word in schema)) return {};
  if (schema['type'] === 'boolean') return { examples: [true] };
  return values[name] === undefined ? {} : { examples: [values[name]] };
}

const status = {
  state: 'running',
  data_version,
  run_id,
  source: 's3://example-trail/AWSLogs',
  started_at: '2026-10-05T12:00:00Z',
  finished_at: null,
  objects_total: 1_200,
  objects_done: 300,
  records_total: 45_000,
  inserted: 21_000,
  duplicate: 12,
  rejected: 0,
  message: null,
};

/** Answers of what is no analysis, by operationId; written by hand. */
export const fixedExamples: Readonly<Record<string, unknown>> = {
  ledger: {
    rows: [
      {
        object_id,
        object_no: 1,
        source: 's3',
        bucket: 'example-trail',
        key: log,
        size_bytes: 18_211,
        status: 'ok',
        attempts: 1,
        error_class: null,
        error_detail: null,
        account_id: '111122223333',
        region: 'us-east-1',
        records_total: 150,
        non_kms: 80,
        inserted: 69,
        duplicate: 1,
        rejected: 0,
        event_time_min: '2026-10-05T11:55:02Z',
        event_time_max: '2026-10-05T11:59:58Z',
        run_id,
        committed_at: '2026-10-05T12:00:01Z',
      },
    ],
    next_cursor: null,
  },
  rejects: {
    rows: [
      {
        object_id,
        key: log,
        bucket: 'example-trail',
        record_index: 17,
        error_class: 'not_an_object',
        error_detail: 'the record is no JSON object',
        record_start: '"2026-10-05"',
      },
    ],
    next_cursor: null,
  },
  runs: {
    rows: [
      {
        run_id,
        source: 's3://example-trail/AWSLogs',
        started_at: '2026-10-05T12:00:00Z',
        finished_at: '2026-10-05T12:01:30Z',
        status: 'done',
        summary: { objects_new: 1_200, records_total: 180_000, inserted: 84_000, rejected: 1 },
      },
    ],
  },
  event: {
    event: {
      event_id,
      event_time: '2026-10-05T11:55:02Z',
      caller_account_id: '111122223333',
      region: 'us-east-1',
      operation: 'Decrypt',
      outcome: 'success',
      key_arn: key,
      principal_arn: 'arn:aws:iam::111122223333:role/app',
      counted: true,
      object_id,
      record_index: 3,
    },
  },
  raw: {
    object_id,
    record_index: 3,
    location: `s3://example-trail/${log}`,
    record: { eventVersion: '1.09', eventName: 'Decrypt', eventTime: '2026-10-05T11:55:02Z' },
  },
  health: { status: 'ok', data_version, ingest: 'idle', database: 'keymeter.duckdb' },
  ingestStatus: status,
  ingestEvents: `event: status\ndata: ${JSON.stringify(status)}\n\n`,
  metrics:
    '# HELP keymeter_ingest_objects Log objects by status\n# TYPE keymeter_ingest_objects gauge\nkeymeter_ingest_objects{status="ok"} 1200\n',
};
