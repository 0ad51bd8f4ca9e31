import { z } from 'zod';
import { ownAccounts } from '../investigation/own-accounts.ts';
import { plural } from '../../core/words.ts';
import { defineDetection, detectionParams } from './detection.ts';

export default defineDetection({
  name: 'foreign-key-encryption',
  id: 'KMS-05',
  title: 'Encryption with a foreign key',
  question: 'Do own principals encrypt data with keys of a foreign account?',
  severity: 'critical',
  techniques: [{ id: 'T1486', name: 'Data Encrypted for Impact' }],
  false_positives: [
    'buckets of a partner that you write to with its key',
    'an account that belongs to you but is not configured as own',
  ],
  caveats: ['Seen in the trail of the caller, without S3 data events.'],
  sql: new URL('./foreign-key-encryption.sql', import.meta.url),
  params: z.object({
    ...detectionParams,
    calls_min: z.coerce
      .number()
      .int()
      .min(1)
      .max(100000)
      .default(5)
      .describe('calls of one principal, key and bucket that make a finding'),
  }),
  bind: async (_, context) => ({ own: [...(await ownAccounts(context))] }),
  finding: (row) =>
    `${plural(row.events, 'data key')} of a key in foreign account ${row['key_account_id']} generated${row['s3_bucket'] ? ` for bucket ${row['s3_bucket']}` : ''}`,
});
