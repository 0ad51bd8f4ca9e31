import { z } from 'zod';
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
    ...timelineParams,
  }),
  row: timelineRow,
});
