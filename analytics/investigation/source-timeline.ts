import { z } from 'zod';
import { runSql } from '../analysis.ts';
import { bindKey } from './key-names.ts';
import { defineInvestigation } from './investigation.ts';
import { timelineCaveats, timelineParams, timelineHeadline, timelineRow } from './timeline.ts';

export default defineInvestigation({
  name: 'source-timeline',
  topic: 'investigation',
  title: 'Timeline of a source',
  question:
    'What was done from an address, with a user agent, access key or session, through a VPC endpoint, or with a bucket, in order?',
  audience: ['security'],
  headline: timelineHeadline,
  caveats: [
    ...timelineCaveats,
    'Several clues together must all hold. A user agent is what the caller says it is.',
  ],
  sql: new URL('./source-timeline.sql', import.meta.url),
  example: { session: 'exchange-2' },
  params: z
    .object({
      source: z.string().max(1024).optional().describe('address (or service name) as logged'),
      user_agent: z.string().max(4096).optional().describe('user agent, whole'),
      access_key: z.string().max(128).optional().describe('access key id'),
      session: z.string().max(2048).optional().describe('role session name, or session ARN'),
      vpc_endpoint: z.string().max(128).optional().describe('VPC endpoint id'),
      bucket: z
        .string()
        .max(256)
        .optional()
        .describe('S3 bucket of the object or encryption context'),
      key: z.string().max(2048).optional().describe('key ARN, key id, or alias (as of the end)'),
      principal: z.string().max(2048).optional().describe('role or user ARN, or service'),
      ...timelineParams,
    })
    .refine(
      (p) => p.source ?? p.user_agent ?? p.access_key ?? p.session ?? p.vpc_endpoint ?? p.bucket,
      'name at least one of source, user_agent, access_key, session, vpc_endpoint, bucket',
    ),
  row: timelineRow,
  async run(sql, params, context) {
    const { key, aliases, notes } = await bindKey(context, params.key, params.to);
    const rows = await runSql(sql, { ...params, key, aliases }, context);
    return { rows: rows as z.output<typeof timelineRow>[], notes };
  },
});
