import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { defineAnalysis, runSql } from '../analysis.ts';
import { limit } from '../params.ts';
import { dimension } from './dimensions.ts';
import { loadParams, lowerBound } from './load-params.ts';

const hotspotsSql = readFileSync(new URL('./throttle-hotspots.sql', import.meta.url), 'utf8');
const calls = (description: string) => z.number().meta({ unit: 'calls', description });
const share = (description: string) => z.number().meta({ unit: 'share', description });

const roles = ['culprit', 'consumer', 'victim', 'only_victim'] as const;
export type ThrottleRole = (typeof roles)[number];

/** Calls of one group in a burst. */
export interface BurstCalls {
  accepted_calls: number;
  throttled_calls: number;
}

/**
 * Culprits are the largest consumers that together took at least half of the accepted calls; others
 * are victims when they were refused (only_victim when nothing of theirs got through), else consumers.
 * Takes groups with the largest consumer first.
 */
export function throttleRoles(groups: readonly BurstCalls[]): ThrottleRole[] {
  const accepted = groups.reduce((sum, group) => sum + group.accepted_calls, 0);
  let before = 0;
  return groups.map((group) => {
    const culprit = group.accepted_calls > 0 && before * 2 < accepted;
    before += group.accepted_calls;
    if (culprit) return 'culprit';
    if (group.throttled_calls === 0) return 'consumer';
    return group.accepted_calls === 0 ? 'only_victim' : 'victim';
  });
}

const row = z.object({
  caller_account_id: z.string().nullable().meta({ description: 'account that was throttled' }),
  region: z.string().nullable().meta({ description: 'AWS Region' }),
  quota_id: z.string().meta({ description: 'request quota' }),
  custom_key_store_id: z.string().nullable().meta({ description: 'custom key store' }),
  started_at: z.string().meta({ unit: 'instant', description: 'first throttled second' }),
  ended_at: z.string().meta({ unit: 'instant', description: 'last throttled second' }),
  group_name: z.string().meta({ description: 'value of the dimension' }),
  role: z.enum(roles).meta({
    description:
      'culprit: one of the largest consumers, together half of the accepted calls; victim: refused in part; only_victim: refused altogether; consumer: neither',
  }),
  accepted_calls: calls('accepted calls in the burst'),
  accepted_share: share('of all accepted calls, 0 to 1'),
  throttled_calls: calls('throttled calls in the burst (a lower bound)'),
  throttled_share: share('of all throttled calls, 0 to 1'),
});

export default defineAnalysis({
  name: 'throttle-contributors',
  topic: 'capacity',
  title: 'Who throttled whom',
  question: 'In a burst of throttling, who consumed the quota and who was refused?',
  audience: ['capacity'],
  headline: [
    'group_name',
    'role',
    'accepted_calls',
    'accepted_share',
    'throttled_calls',
    'throttled_share',
    'started_at',
  ],
  caveats: [
    lowerBound,
    'A culprit can be refused too; what makes it one is its share of what was accepted.',
  ],
  sql: new URL('./throttle-contributors.sql', import.meta.url),
  params: z.object({
    ...loadParams,
    burst: z.coerce
      .number()
      .int()
      .min(1)
      .max(1_000)
      .default(1)
      .describe('which burst of the range: 1 is the one with most throttled calls'),
    by: dimension,
    limit: limit(100),
  }),
  row,
  async run(sql, params, context) {
    // runSql binds limit + 1.
    const bursts = await runSql(hotspotsSql, { ...params, limit: params.burst }, context);
    const burst = bursts[params.burst - 1];
    if (!burst) return { rows: [], notes: [`There is no burst ${params.burst} in the range.`] };
    const { caller_account_id, region, quota_id, custom_key_store_id } = burst;
    const found = await runSql(
      sql,
      {
        ...params,
        account: caller_account_id,
        region,
        quota: quota_id,
        store: custom_key_store_id,
        started_at: new Date(String(burst['started_at'])),
        ended_at: new Date(String(burst['ended_at'])),
      },
      context,
    );
    const groups = found.map((group) => ({
      group_name: String(group['group_name']),
      accepted_calls: Number(group['accepted_calls']),
      throttled_calls: Number(group['throttled_calls']),
    }));
    const accepted = groups.reduce((sum, group) => sum + group.accepted_calls, 0);
    const throttled = groups.reduce((sum, group) => sum + group.throttled_calls, 0);
    const groupRoles = throttleRoles(groups);
    const rows = groups.map((group, i) => ({
      caller_account_id,
      region,
      quota_id,
      custom_key_store_id,
      started_at: burst['started_at'],
      ended_at: burst['ended_at'],
      ...group,
      role: groupRoles[i]!,
      accepted_share: accepted === 0 ? 0 : group.accepted_calls / accepted,
      throttled_share: throttled === 0 ? 0 : group.throttled_calls / throttled,
    }));
    const onlyVictims = rows.filter((group) => group.role === 'only_victim');
    const notes = [
      lowerBound,
      onlyVictims.length === 0
        ? 'Nobody was refused altogether.'
        : `Refused altogether: ${onlyVictims.map((group) => group.group_name).join(', ')}.`,
    ];
    return { rows: rows as z.output<typeof row>[], notes };
  },
});
