import { z } from 'zod';
import { runSql } from '../analysis.ts';
import { bindKey } from './key-names.ts';
import { defineInvestigation } from './investigation.ts';
import { timelineCaveats, timelineParams, timelineHeadline, timelineRow } from './timeline.ts';

export default defineInvestigation({
  name: 'principal-timeline',
  topic: 'investigation',
  title: 'Timeline of a principal',
  question: 'What did a role, user, session or service do, in order?',
  audience: ['security'],
  headline: timelineHeadline,
  caveats: [
    ...timelineCaveats,
    'Of other services only the related events are kept (reference/related-events.json).',
  ],
  sql: new URL('./principal-timeline.sql', import.meta.url),
  example: { principal: 'arn:aws:iam::111122223333:user/j.doe' },
  params: z.object({
    principal: z
      .string()
      .min(1)
      .max(2048)
      .describe('role or user ARN, session ARN as logged, or service name'),
    key: z.string().max(2048).optional().describe('key ARN, key id, or alias (as of the end)'),
    ...timelineParams,
  }),
  row: timelineRow,
  async run(sql, params, context) {
    const { key, aliases, notes } = await bindKey(context, params.key, params.to);
    const key_id = key === null ? null : (key.split('/').at(-1) ?? key);
    const bound = { ...params, key, key_id, aliases };
    return { rows: (await runSql(sql, bound, context)) as z.output<typeof timelineRow>[], notes };
  },
});
