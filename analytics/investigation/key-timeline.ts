import { z } from 'zod';
import { runSql } from '../analysis.ts';
import { defineInvestigation } from './investigation.ts';
import { nameKey } from './key-names.ts';
import { timelineCaveats, timelineParams, timelineHeadline, timelineRow } from './timeline.ts';

export default defineInvestigation({
  name: 'key-timeline',
  topic: 'investigation',
  title: 'Timeline of a key',
  question: 'Who used a key, for what, from where, with what outcome, in order?',
  audience: ['security'],
  headline: timelineHeadline,
  caveats: [
    ...timelineCaveats,
    'Requests that failed before KMS resolved the key are found by what they typed: its id, ARN, or an alias that meant it at that time.',
    'Events of other services are listed when their request names the key id.',
  ],
  sql: new URL('./key-timeline.sql', import.meta.url),
  example: { key: 'alias/payments' },
  params: z.object({
    key: z
      .string()
      .min(1)
      .max(2048)
      .describe('key ARN, key id, or alias (as of the end of the range)'),
    principal: z.string().max(2048).optional().describe('role, user or session ARN, or service'),
    ...timelineParams,
  }),
  row: timelineRow,
  async run(sql, params, context) {
    const { key_arn, key_id, names, notes } = await nameKey(context, params.key, params.to);
    const bound = { ...params, key: key_arn, key_id, aliases: names };
    const rows = (await runSql(sql, bound, context)) as z.output<typeof timelineRow>[];
    return { rows, notes };
  },
});
