import { z } from 'zod';
import { flag } from '../params.ts';
import { plural } from '../../core/words.ts';
import { defineDetection, detectionParams } from './detection.ts';

export default defineDetection({
  name: 'root-use',
  id: 'KMS-09',
  title: 'Use by root or from the console',
  question: 'Did the root of an account, or a person in the console, use KMS?',
  severity: 'medium',
  techniques: [{ id: 'T1078.004', name: 'Cloud Accounts' }],
  false_positives: [
    'the first set-up of an account',
    'services that call with the credentials of root, such as the CloudTrail console',
  ],
  caveats: [
    'Console changes by others than root are reported only when asked for (console_changes).',
  ],
  sql: new URL('./root-use.sql', import.meta.url),
  params: z.object({
    ...detectionParams,
    console_changes: flag
      .default(false)
      .describe('also changes in console sessions of other principals (low)'),
  }),
  severityOf: (row) => (Number(row['root_events'] ?? 0) > 0 ? 'medium' : 'low'),
  finding: (row) =>
    `${Number(row['root_events'] ?? 0) > 0 ? 'root' : 'a console session'} made ${plural(row.events, 'call')} (${plural(Number(row['operations']), 'operation')}, such as ${row['an_operation']}) from ${row['caller_source'] ?? 'an unknown address'}`,
});
