import { z } from 'zod';
import { defineAnalysis, runSql } from '../analysis.ts';
import { limit } from '../params.ts';

const count = (unit: string, description: string) => z.number().meta({ unit, description });

const row = z.object({
  place: z.string().meta({ description: 'file, or S3 address of the object' }),
  state: z
    .enum(['not_read', 'to_be_tried_again', 'in_part'])
    .meta({ description: 'what is missing: all of it, all of it for now, or a part' }),
  status: z.string().meta({ description: 'status in the ledger; pending while it has none' }),
  error_class: z.string().nullable().meta({ description: 'why: see docs/errors.md' }),
  error_detail: z.string().nullable().meta({ description: 'what was found, and what to do' }),
  records_total: count('records', 'CloudTrail records in it'),
  rejected: count('records', 'records that were refused; ingest_rejects has them'),
  foreign_values: count('values', 'values in it that are no CloudTrail records'),
  unread_bytes: count('bytes', 'bytes behind its content that nothing read'),
  size_bytes: z.number().nullable().meta({ unit: 'bytes', description: 'size as listed' }),
  read_at: z.string().nullable().meta({ unit: 'instant', description: 'when it was looked at' }),
});

export default defineAnalysis({
  name: 'unread-objects',
  topic: 'coverage',
  title: 'Unread objects',
  question: 'Which objects look like logs and were not read, or not as a whole, and why?',
  audience: ['security'],
  headline: ['place', 'state', 'error_class', 'error_detail', 'rejected', 'foreign_values'],
  caveats: [
    'Only objects that a listing showed are known. Files that a filter left out are in the summary of the run, not here.',
    'Digests, notifications and files that are no logs are left out: they cannot hold a call.',
    'A KMS call in an object of this list is in no other answer.',
  ],
  sql: new URL('./unread-objects.sql', import.meta.url),
  params: z.object({ limit: limit(1_000, 100_000) }),
  row,
  async run(sql, params, context) {
    const rows = (await runSql(sql, params, context)) as z.output<typeof row>[];
    const unread = rows.filter(({ state }) => state !== 'in_part').length;
    const notes =
      rows.length === 0
        ? ['Every object that looks like a log was read as a whole.']
        : [`${unread} objects were not read, ${rows.length - unread} in part.`];
    return { rows, notes };
  },
});
