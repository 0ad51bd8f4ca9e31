import { z } from 'zod';

const page = z.coerce.number().int().min(1).max(1_000).default(100).describe('rows a page');
const cursor = z
  .string()
  .max(200)
  .optional()
  .describe('next_cursor of the page before; its meaning is not promised');

export const ledgerQuery = z.object({
  status: z
    .enum(['ok', 'empty', 'skipped', 'dead', 'gone'])
    .optional()
    .describe('only objects of this status'),
  account: z.string().max(64).optional().describe('account of the trail'),
  region: z.string().max(64).optional().describe('Region of the trail'),
  run: z.string().max(128).optional().describe('run that committed the object'),
  limit: page,
  cursor,
});

export const ledgerRow = z.object({
  object_id: z.string().meta({ description: 'id of the object in the ledger' }),
  object_no: z.number().meta({ description: 'order of arrival' }),
  source: z.string().meta({ description: 's3 or local' }),
  bucket: z.string().meta({ description: 'bucket; empty for files' }),
  key: z.string().meta({ description: 'key or path' }),
  size_bytes: z.number().nullable().meta({ unit: 'bytes', description: 'size as listed' }),
  status: z.string().meta({ description: 'ok, empty, skipped, dead or gone' }),
  attempts: z.number().meta({ description: 'how often it was tried' }),
  error_class: z.string().nullable().meta({ description: 'why it is dead or was skipped' }),
  error_detail: z.string().nullable().meta({ description: 'the reason in words' }),
  account_id: z.string().nullable().meta({ description: 'account of the trail' }),
  region: z.string().nullable().meta({ description: 'Region of the trail' }),
  records_total: z.number().meta({ unit: 'records', description: 'records in the object' }),
  non_kms: z.number().meta({ unit: 'records', description: 'of other services' }),
  inserted: z.number().meta({ unit: 'records', description: 'new KMS events' }),
  duplicate: z.number().meta({ unit: 'records', description: 'KMS events known before' }),
  rejected: z.number().meta({ unit: 'records', description: 'records that could not be read' }),
  event_time_min: z.string().nullable().meta({ unit: 'instant', description: 'first KMS event' }),
  event_time_max: z.string().nullable().meta({ unit: 'instant', description: 'last KMS event' }),
  run_id: z.string().meta({ description: 'run that committed it' }),
  committed_at: z.string().meta({ unit: 'instant', description: 'when' }),
});

export const rejectsQuery = z.object({
  object_id: z.guid().optional().describe('only rejects of this object'),
  limit: page,
  cursor,
});

export const rejectRow = z.object({
  object_id: z.string().meta({ description: 'ledger object' }),
  key: z.string().meta({ description: 'key or path' }),
  bucket: z.string().meta({ description: 'bucket; empty for files' }),
  record_index: z.number().meta({ description: 'position in the object, from 0' }),
  error_class: z.string().meta({ description: 'class of the fault' }),
  error_detail: z.string().meta({ description: 'the reason in words' }),
  record_start: z.string().nullable().meta({ description: 'how the record begins' }),
});

export const runRow = z.object({
  run_id: z.string().meta({ description: 'id of the run' }),
  source: z.string().meta({ description: 'what was read' }),
  started_at: z.string().meta({ unit: 'instant', description: 'start' }),
  finished_at: z.string().nullable().meta({ unit: 'instant', description: 'end' }),
  status: z.string().meta({ description: 'how it ended' }),
  summary: z.unknown().meta({ description: 'counts of the run' }),
});

export const runsQuery = z.object({ limit: page });
