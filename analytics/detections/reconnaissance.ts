import { z } from 'zod';
import { plural } from '../../core/words.ts';
import { defineDetection, detectionParams } from './detection.ts';

export default defineDetection({
  name: 'reconnaissance',
  id: 'KMS-10',
  title: 'Reconnaissance',
  question: 'Does a principal ask many keys who may use them, or try many keys in vain?',
  severity: 'medium',
  techniques: [
    { id: 'T1580', name: 'Cloud Infrastructure Discovery' },
    { id: 'T1110', name: 'Brute Force' },
  ],
  false_positives: [
    'posture scanners without permission on some keys',
    'a broken deployment that retries on many keys',
  ],
  caveats: ['Failed calls are logged in some scenarios only: counts are a lower bound.'],
  sql: new URL('./reconnaissance.sql', import.meta.url),
  params: z.object({
    ...detectionParams,
    keys_min: z.coerce
      .number()
      .int()
      .min(2)
      .max(100000)
      .default(10)
      .describe('different keys in an hour'),
    denied_min: z.coerce
      .number()
      .int()
      .min(0)
      .max(100000)
      .default(5)
      .describe('denied calls of a sweep'),
  }),
  finding: (row) => {
    const swept = Number(row['swept_keys'] ?? 0);
    const sprayed = Number(row['sprayed_keys'] ?? 0);
    return [
      ...(swept > 0
        ? [
            `asked for the policy, grants or description of ${plural(swept, 'key')}, denied ${plural(Number(row['sweep_denied'] ?? 0), 'time')}`,
          ]
        : []),
      ...(sprayed > 0
        ? [
            `denied ${plural(Number(row['spray_denied'] ?? 0), 'other call')} on ${plural(sprayed, 'key')}`,
          ]
        : []),
      `from ${row['caller_source'] ?? 'an unknown address'}`,
    ].join('; ');
  },
});
