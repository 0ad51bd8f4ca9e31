import { z } from 'zod';
import { limit } from '../params.ts';
import { aliasIntervals, type AliasPoint } from './alias-intervals.ts';
import { defineInvestigation } from './investigation.ts';

export default defineInvestigation({
  name: 'alias-history',
  topic: 'investigation',
  title: 'Alias history',
  question: 'Which key did each alias mean, from when to when, and who moved it?',
  audience: ['security', 'finops'],
  headline: ['alias', 'key_arn', 'valid_from', 'valid_to', 'account_id', 'region', 'set_by'],
  caveats: [
    'An interval of basis observed starts at the first call that shows it; the alias may be older.',
    'After a move KMS may answer with the old key for up to five minutes; such calls do not end the new interval.',
  ],
  sql: new URL('./alias-history.sql', import.meta.url),
  params: z.object({
    account: z.string().max(64).optional().describe('account that owns the alias'),
    region: z.string().max(64).optional().describe('AWS Region'),
    alias: z.string().max(512).optional().describe('only this alias, such as alias/app'),
    key: z.string().max(2048).optional().describe('only aliases that ever meant this key ARN'),
    limit: limit(1_000, 100_000),
  }),
  row: z.object({
    account_id: z.string().nullable().meta({ description: 'account that owns the alias' }),
    region: z.string().nullable().meta({ description: 'AWS Region' }),
    alias: z.string().meta({ description: 'alias name' }),
    key_arn: z.string().meta({ description: 'key that the alias meant' }),
    valid_from: z
      .string()
      .meta({ unit: 'instant', description: 'from this second on, as far as the log shows' }),
    valid_to: z
      .string()
      .nullable()
      .meta({ unit: 'instant', description: 'until before this second; null while it holds' }),
    basis: z
      .string()
      .meta({ description: 'created or updated by a call in the log, or observed in use' }),
    set_by: z.string().nullable().meta({ description: 'principal that set it' }),
    set_event_id: z.string().meta({ description: 'eventID of the call that shows it' }),
    ended_by: z
      .string()
      .nullable()
      .meta({ description: 'UpdateAlias, DeleteAlias, CreateAlias, or observed' }),
    end_event_id: z.string().nullable().meta({ description: 'eventID of what ended it' }),
  }),
  async run(sql, params, context) {
    const points = await context.engine.rows(
      sql,
      { account: params.account, region: params.region },
      context,
    );
    const intervals = aliasIntervals(points as unknown as AliasPoint[]);
    const named = (interval: { alias: string }) => interval.alias === params.alias;
    const ofKey = new Set(
      intervals
        .filter((i) => i.key_arn === params.key)
        .map((i) => JSON.stringify([i.account_id, i.region, i.alias])),
    );
    return {
      rows: intervals.filter(
        (i) =>
          (params.alias === undefined || named(i)) &&
          (params.key === undefined ||
            ofKey.has(JSON.stringify([i.account_id, i.region, i.alias]))),
      ),
    };
  },
});
