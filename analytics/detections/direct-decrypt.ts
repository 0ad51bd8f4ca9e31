import { z } from 'zod';
import { plural } from '../../core/words.ts';
import { defineDetection, detectionParams } from './detection.ts';

export default defineDetection({
  name: 'direct-decrypt',
  id: 'KMS-07',
  title: 'Direct decryption of service data',
  question: 'Was data that a service holds decrypted without that service?',
  severity: 'high',
  techniques: [
    { id: 'T1555.006', name: 'Cloud Secrets Management Stores' },
    { id: 'T1530', name: 'Data from Cloud Storage' },
  ],
  false_positives: ['recovery tools that decrypt exported ciphertext on purpose'],
  caveats: [
    'The encryption context is what the caller says; KMS decrypts only when it is the one used for encryption.',
  ],
  sql: new URL('./direct-decrypt.sql', import.meta.url),
  params: z.object({
    ...detectionParams,
  }),
  finding: (row) =>
    `${row['resource_arn']} (${row['context_kind']}) decrypted directly from ${row['caller_source'] ?? 'an unknown address'}, ${plural(row.events, 'time')}`,
});
