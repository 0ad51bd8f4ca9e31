import { z } from 'zod';
import { plural } from '../../core/words.ts';
import { defineDetection, detectionParams } from './detection.ts';

export default defineDetection({
  name: 'key-destruction',
  id: 'KMS-01',
  title: 'Key destruction',
  question: 'Was a key scheduled for deletion, disabled, or robbed of its material or key store?',
  severity: 'high',
  techniques: [
    { id: 'T1485', name: 'Data Destruction' },
    { id: 'T1490', name: 'Inhibit System Recovery' },
  ],
  false_positives: ['planned retirement of keys: look at the use before and at who did it'],
  caveats: [
    'Use of the key before the change and failures after it make it worse; without them it may be a clean-up.',
  ],
  sql: new URL('./key-destruction.sql', import.meta.url),
  params: z.object({
    ...detectionParams,
    usage_days: z.coerce
      .number()
      .int()
      .min(1)
      .max(400)
      .default(30)
      .describe('days before the change that are searched for use'),
  }),
  severityOf: (row) =>
    Number(row['calls_before'] ?? 0) > 0 && row['undone_at'] === null ? 'critical' : 'high',
  finding: (row, params) => {
    const waiting = row['waiting_days']
      ? `, waiting ${plural(Number(row['waiting_days']), 'day')}`
      : '';
    const used = Number(row['calls_before'] ?? 0);
    const failures = Number(row['failures_after'] ?? 0);
    return [
      `${row['operation']}${waiting}`,
      used > 0
        ? `${plural(used, 'successful call')} by ${plural(Number(row['principals_before'] ?? 0), 'principal')} in the ${plural(params.usage_days, 'day')} before`
        : `no successful call in the ${plural(params.usage_days, 'day')} before, as far as the log goes back`,
      ...(failures > 0 ? [`${plural(failures, 'call')} failed since because of it`] : []),
      ...(row['undone_at'] ? [`undone at ${row['undone_at']}`] : []),
    ].join('; ');
  },
});
