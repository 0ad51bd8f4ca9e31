import { z } from 'zod';
import { defineAnalysis } from '../analysis.ts';
import { limit } from '../params.ts';
import { loadParams } from './load-params.ts';
import { byStretch, quotaLoads } from './quota-loads.ts';

const calls = (description: string) => z.number().meta({ unit: 'calls', description });

const row = z.object({
  caller_account_id: z
    .string()
    .nullable()
    .meta({ description: 'account; null for a custom key store' }),
  region: z.string().nullable().meta({ description: 'AWS Region' }),
  quota_id: z.string().meta({ description: 'request quota' }),
  custom_key_store_id: z.string().nullable().meta({ description: 'custom key store' }),
  started_at: z.string().meta({ unit: 'instant', description: 'first flat second' }),
  ended_at: z.string().meta({ unit: 'instant', description: 'last flat second' }),
  duration_seconds: z.number().meta({ unit: 's', description: 'consecutive seconds at the quota' }),
  accepted_least: calls('fewest accepted calls in one of them'),
  accepted_most: calls('most accepted calls in one of them'),
  accepted_calls: calls('accepted calls in all of them'),
  limit_per_second: z.number().meta({ unit: 'calls/s', description: 'value of the quota then' }),
  limit_basis: z
    .enum(['applied', 'default', 'unknown'])
    .meta({ description: 'applied value or default of the Region' }),
  mean_percent: z
    .number()
    .meta({ unit: '%', description: 'mean accepted calls in percent of the limit' }),
});

export default defineAnalysis({
  name: 'suspected-throttling',
  topic: 'capacity',
  title: 'Suspected throttling',
  question: 'Where did load stand flat at a quota although the log holds no throttled call?',
  audience: ['capacity'],
  headline: [
    'caller_account_id',
    'region',
    'quota_id',
    'started_at',
    'duration_seconds',
    'accepted_most',
    'limit_per_second',
    'mean_percent',
  ],
  caveats: [
    'A suspicion, no proof: AWS logs failed calls only in some scenarios, and a load can stand flat at a quota by chance or by its own rate limiter.',
    'It needs the right value: without the applied value of the account the default of the Region is taken.',
    'CloudWatch (AWS/Usage, CallCount) and the clients own logs can confirm it.',
  ],
  sql: new URL('./suspected-throttling.sql', import.meta.url),
  params: z.object({
    ...loadParams,
    near_percent: z.coerce
      .number()
      .min(0)
      .max(50)
      .default(2)
      .describe('how many percent from the limit still count as at the limit'),
    seconds_min: z.coerce
      .number()
      .int()
      .min(2)
      .max(3_600)
      .default(5)
      .describe('shortest run of seconds'),
    limit: limit(200),
  }),
  row,
  async run(sql, params, context) {
    const { near_percent, seconds_min, include_aws_service } = params;
    const loads = (await quotaLoads(params, context)).filter((load) => {
      if (!load.window || load.window.window_seconds > 1) return false;
      const least = ((100 - near_percent) * load.window.limit_calls) / 100;
      return load.bins.some((bin) => bin.accepted >= least);
    });
    const rows: z.output<typeof row>[] = [];
    for (const [stretch, together] of byStretch(loads)) {
      const limits = together.map((load) => `${load.load_no}=${load.window!.limit_calls}`);
      const found = await context.engine.rows(
        sql,
        { ...stretch, limits, near_percent, seconds_min, include_aws_service },
        context,
      );
      const byLoad = new Map(together.map((load) => [load.load_no, load]));
      for (const run of found) {
        const load = byLoad.get(Number(run['load_no']))!;
        const seconds = Number(run['seconds']);
        const accepted_calls = Number(run['accepted_calls']);
        rows.push({
          caller_account_id: load.caller_account_id,
          region: load.region,
          quota_id: load.quota_id,
          custom_key_store_id: load.custom_key_store_id,
          started_at: String(run['started_at']),
          ended_at: String(run['ended_at']),
          duration_seconds: seconds,
          accepted_least: Number(run['accepted_least']),
          accepted_most: Number(run['accepted_most']),
          accepted_calls,
          limit_per_second: load.value.limit_per_second!,
          limit_basis: load.value.basis,
          mean_percent: (100 * accepted_calls) / seconds / load.window!.limit_calls,
        });
      }
    }
    rows.sort(
      (a, b) => b.duration_seconds - a.duration_seconds || (a.started_at < b.started_at ? -1 : 1),
    );
    return { rows };
  },
});
