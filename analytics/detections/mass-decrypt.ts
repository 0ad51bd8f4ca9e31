import { z } from 'zod';
import { defineDetection, detectionParams } from './detection.ts';

export default defineDetection({
  name: 'mass-decrypt',
  id: 'KMS-06',
  title: 'Mass decryption',
  question:
    'Does a principal decrypt far more different objects or secrets in an hour than ever before?',
  severity: 'high',
  techniques: [
    { id: 'T1530', name: 'Data from Cloud Storage' },
    { id: 'T1555.006', name: 'Cloud Secrets Management Stores' },
  ],
  false_positives: ['first run of a new batch job, restore or migration'],
  caveats: [
    'The baseline is the own past of the principal in the log; the first hours of a log are not judged (baseline_hours).',
    'With S3 Bucket Keys or data-key caching the KMS log does not show single objects.',
  ],
  sql: new URL('./mass-decrypt.sql', import.meta.url),
  params: z.object({
    ...detectionParams,
    objects_min: z.coerce
      .number()
      .int()
      .min(2)
      .max(100000)
      .default(100)
      .describe('different objects in an hour'),
    secrets_min: z.coerce
      .number()
      .int()
      .min(2)
      .max(100000)
      .default(20)
      .describe('different secrets and parameters in an hour'),
    times: z.coerce
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(5)
      .describe('multiple of the peak of all hours before'),
    baseline_hours: z.coerce
      .number()
      .int()
      .min(0)
      .max(100000)
      .default(24)
      .describe('hours of log before an hour is judged'),
  }),
  finding: (row) =>
    `${row['resources']} different ${row['kind']} decrypted in an hour by ${row.events} calls${row['a_bucket'] ? `, of bucket ${row['a_bucket']}${Number(row['buckets']) > 1 ? ` and ${Number(row['buckets']) - 1} more` : ''}` : ''}; at most ${row['peak_before']} in any hour before`,
});
