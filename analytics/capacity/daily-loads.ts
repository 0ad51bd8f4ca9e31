import { readFileSync } from 'node:fs';
import { epochSeconds, isoSeconds } from '../../core/time.ts';
import { runSql, type AnalysisContext } from '../analysis.ts';
import type { FilterValues } from '../params.ts';
import { distribution, slidingWindows, type ActiveSecond } from './load-distribution.ts';
import type { QuotaScope } from './quota-loads.ts';
import { quotaValueAt, quotaWindow, type QuotaValue, type QuotaWindow } from './quota-values.ts';

/** Peak and 99.9th percentile of one day; day = days since 1970-01-01. */
export interface LoadDay {
  day: number;
  peak: number;
  peak_at: string;
  p999: number;
}

/** A load day by day, and the quota's value on its last day. */
export interface DailyLoad extends QuotaScope {
  value: QuotaValue;
  window: QuotaWindow | null;
  days: LoadDay[];
}

export interface DailyLoadParams extends FilterValues {
  quota?: string | undefined;
  load: 'accepted' | 'offered';
  include_aws_service: boolean;
}

const day_seconds = 86_400;
const windowSecondsSql = readFileSync(
  new URL('./quota-window-seconds.sql', import.meta.url),
  'utf8',
);

/** `YYYY-MM-DD` of days since 1970-01-01. */
export const isoDay = (day: number) => isoSeconds(day * day_seconds).slice(0, 10);

/** The daily series of all loads; quotas below one a second are measured in their windows. */
export async function dailyLoads(
  sql: string,
  params: DailyLoadParams,
  context: AnalysisContext,
): Promise<DailyLoad[]> {
  const loads = new Map<number, DailyLoad>();
  for (const row of await runSql(sql, { ...params }, context)) {
    const load_no = Number(row['load_no']);
    let load = loads.get(load_no);
    if (!load) {
      load = {
        load_no,
        caller_account_id: row['caller_account_id'] as string | null,
        region: row['region'] as string | null,
        quota_id: String(row['quota_id']),
        custom_key_store_id: row['custom_key_store_id'] as string | null,
        value: {
          limit_per_second: null,
          basis: 'unknown',
          value_from: null,
          source: null,
          uncertain: false,
        },
        window: null,
        days: [],
      };
      loads.set(load_no, load);
    }
    load.days.push({
      day: epochSeconds(`${String(row['day'])}T00:00:00Z`) / day_seconds,
      peak: Number(row['calls_peak']),
      peak_at: String(row['peak_at']),
      p999: Number(row['calls_p999']),
    });
  }
  for (const load of loads.values()) {
    const last = new Date((load.days.at(-1)!.day + 1) * day_seconds * 1000 - 1);
    const { quota_id, caller_account_id, region } = load;
    const overrides = context.config.quotaOverrides;
    load.value = quotaValueAt(quota_id, caller_account_id, region, last, overrides);
    const limit = load.value.limit_per_second;
    load.window = limit === null ? null : quotaWindow(limit);
  }
  await useWindows([...loads.values()], params, context);
  return [...loads.values()];
}

async function useWindows(
  loads: readonly DailyLoad[],
  params: DailyLoadParams,
  context: AnalysisContext,
): Promise<void> {
  const windowed = loads.filter((load) => load.window !== null && load.window.window_seconds > 1);
  if (windowed.length === 0) return;
  const load_numbers = windowed.map((load) => String(load.load_no));
  const rows = await context.engine.rows(
    windowSecondsSql,
    {
      load_numbers,
      from: params.from ?? null,
      to: params.to ?? null,
      include_aws_service: params.include_aws_service,
    },
    context,
  );
  const seconds = new Map<number, ActiveSecond[]>(windowed.map((load) => [load.load_no, []]));
  for (const row of rows) {
    seconds.get(Number(row['load_no']))!.push({
      second: epochSeconds(String(row['second'])),
      offered: Number(row['offered']),
      accepted: Number(row['accepted']),
    });
  }
  for (const load of windowed) {
    const days = new Map<number, ReturnType<typeof slidingWindows>>();
    for (const bin of slidingWindows(seconds.get(load.load_no)!, load.window!.window_seconds)) {
      const day = Math.floor(bin.first_at / day_seconds);
      days.set(day, [...(days.get(day) ?? []), bin]);
    }
    load.days = [...days].map(([day, bins]) => {
      const spread = distribution(bins);
      const offered = params.load === 'offered';
      return {
        day,
        peak: offered ? spread.offered_calls_peak : spread.accepted_calls_peak,
        peak_at: isoSeconds(offered ? spread.offered_peak_at : spread.accepted_peak_at),
        p999: offered ? spread.offered_p999 : spread.accepted_p999,
      };
    });
  }
}
