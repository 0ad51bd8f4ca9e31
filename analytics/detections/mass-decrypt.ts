import { z } from 'zod';
import { plural } from '../../core/words.ts';
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
  needs: { history_days: 1 },
  false_positives: ['first run of a new batch job, restore or migration'],
  caveats: [
    'The baseline is the own past of the principal in the log. An hour over the threshold with less history than baseline_hours of its account is listed as not judged.',
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
      .describe('covered hours of the account before an hour is judged'),
  }),
  baselineHours: (params) => params.baseline_hours,
  finding: (row, params) => {
    const least = row['kind'] === 'secrets' ? params.secrets_min : params.objects_min;
    const seconds = (Date.parse(row.last_at) - Date.parse(row.first_at)) / 1000 + 1;
    const buckets = Number(row['buckets']);
    const others = buckets > 1 ? ` and ${plural(buckets - 1, 'other')}` : '';
    const bucket = row['a_bucket'] ? `, of bucket ${row['a_bucket']}${others}` : '';
    return `${row['resources']} different ${row['kind']} decrypted in ${plural(seconds, 'second')} by ${plural(row.events, 'call')}${bucket}; the threshold is ${least}, and at most ${row['peak_before']} ${Number(row['peak_before']) === 1 ? 'was' : 'were'} decrypted in any hour before`;
  },
});
