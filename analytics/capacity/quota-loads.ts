import { readFileSync } from 'node:fs';
import { epochSeconds } from '../../core/time.ts';
import { runSql, type AnalysisContext } from '../analysis.ts';
import type { FilterValues } from '../params.ts';
import { slidingWindows, type ActiveSecond, type Bin } from './load-distribution.ts';
import {
  constantPeriods,
  quotaValueAt,
  quotaWindow,
  unknownValue,
  type Period,
  type QuotaValue,
  type QuotaWindow,
} from './quota-values.ts';

/** The scope of a load: a quota of a caller account and Region, or of a custom key store. */
export interface QuotaScope {
  load_no: number;
  caller_account_id: string | null;
  region: string | null;
  quota_id: string;
  custom_key_store_id: string | null;
}

/** The load on one quota while one value of it was in force. */
export interface QuotaLoad extends QuotaScope {
  value: QuotaValue;
  /** The part of the range in which this value was in force. */
  stretch: Period;
  /** Null when the value is unknown; bins are then seconds. */
  window: QuotaWindow | null;
  bins: Bin[];
  offered_calls: number;
  accepted_calls: number;
  active_seconds: number;
  /** Accepted calls by hour of the week, 0 = Sunday 00:00 UTC. */
  hours: Map<number, number>;
  /** Null when not asked for (small peak) or when the window is longer than a second. */
  three_seconds: { calls: number; from_at: number } | null;
}

export interface QuotaLoadParams extends FilterValues {
  quota?: string | undefined;
  include_aws_service: boolean;
  three_second_percent: number;
}

const readSql = (name: string) => readFileSync(new URL(`./${name}`, import.meta.url), 'utf8');
const dataRangeSql = readSql('data-range.sql');
const threeSecondsSql = readSql('quota-three-seconds.sql');
const windowSecondsSql = readSql('quota-window-seconds.sql');

/**
 * The loads of all quotas, one for each value in force: the range is cut where a default changes, and
 * parts with the same value are put together again.
 */
export async function quotaLoads(
  sql: string,
  params: QuotaLoadParams,
  context: AnalysisContext,
): Promise<QuotaLoad[]> {
  const [range] = await runSql(dataRangeSql, {}, context);
  if (!range?.['first_at']) return [];
  const data = {
    first: new Date(String(range['first_at'])),
    last: new Date(String(range['last_at'])),
  };
  const bounds = { from: params.from ?? null, to: params.to ?? null };
  const loads = new Map<string, QuotaLoad>();
  for (const period of constantPeriods(bounds, data)) {
    const rows = await runSql(sql, { ...params, ...period }, context);
    for (const load of readPeriod(rows, period, context)) merge(loads, load);
  }
  const stretches = new Map<string, QuotaLoad[]>();
  for (const load of loads.values()) {
    const key = `${load.stretch.from?.toISOString()} ${load.stretch.to?.toISOString()}`;
    stretches.set(key, [...(stretches.get(key) ?? []), load]);
  }
  for (const together of stretches.values()) {
    const { stretch } = together[0]!;
    await addThreeSeconds(together, stretch, params, context);
    await useWindows(together, stretch, params, context);
  }
  return [...loads.values()];
}

function readPeriod(
  rows: readonly Record<string, unknown>[],
  period: Period,
  context: AnalysisContext,
): QuotaLoad[] {
  const loads = new Map<number, QuotaLoad>();
  for (const row of rows) {
    const load_no = Number(row['load_no']);
    let load = loads.get(load_no);
    if (!load) {
      load = emptyLoad(row, period);
      loads.set(load_no, load);
    }
    const accepted_calls = Number(row['accepted_calls']);
    if (row['hour_of_week'] !== null) {
      load.hours.set(Number(row['hour_of_week']), accepted_calls);
      continue;
    }
    const bins = Number(row['seconds']);
    const offered = Number(row['offered']);
    load.bins.push({
      offered,
      accepted: Number(row['accepted']),
      bins,
      first_at: epochSeconds(String(row['first_at'])),
      last_at: epochSeconds(String(row['last_at'])),
    });
    load.offered_calls += offered * bins;
    load.accepted_calls += accepted_calls;
    load.active_seconds += bins;
  }
  for (const load of loads.values()) setValue(load, context);
  return [...loads.values()];
}

/** The value in force when the load's first call of the period happened. */
function setValue(load: QuotaLoad, context: AnalysisContext): void {
  const first = load.bins.reduce((least, bin) => Math.min(least, bin.first_at), Infinity);
  const overrides = context.config.quotaOverrides;
  const { quota_id, caller_account_id, region } = load;
  const at = new Date(first * 1000);
  load.value = quotaValueAt(quota_id, caller_account_id, region, at, overrides);
  const limit = load.value.limit_per_second;
  load.window = limit === null ? null : quotaWindow(limit);
}

function emptyLoad(row: Record<string, unknown>, period: Period): QuotaLoad {
  return {
    load_no: Number(row['load_no']),
    caller_account_id: row['caller_account_id'] as string | null,
    region: row['region'] as string | null,
    quota_id: String(row['quota_id']),
    custom_key_store_id: row['custom_key_store_id'] as string | null,
    value: unknownValue,
    stretch: period,
    window: null,
    bins: [],
    offered_calls: 0,
    accepted_calls: 0,
    active_seconds: 0,
    hours: new Map(),
    three_seconds: null,
  };
}

const isWindowed = (load: QuotaLoad) => load.window !== null && load.window.window_seconds > 1;

async function addThreeSeconds(
  loads: readonly QuotaLoad[],
  period: Period,
  params: QuotaLoadParams,
  context: AnalysisContext,
): Promise<void> {
  const wanted = loads.filter((load) => {
    if (isWindowed(load)) return false;
    const peak = load.bins.reduce((most, bin) => Math.max(most, bin.accepted), 0);
    return peak * 100 >= params.three_second_percent * (load.window?.limit_calls ?? 0);
  });
  if (wanted.length === 0) return;
  const rows = await context.engine.rows(
    threeSecondsSql,
    { ...sharedParams(period, params), load_numbers: wanted.map((load) => String(load.load_no)) },
    context,
  );
  const byLoad = new Map(rows.map((row) => [Number(row['load_no']), row]));
  for (const load of wanted) {
    const row = byLoad.get(load.load_no);
    if (!row) continue;
    const from_at = epochSeconds(String(row['from_at']));
    load.three_seconds = { calls: Number(row['calls_3s']), from_at };
  }
}

/** Replaces the seconds of quotas below one a second by their sliding windows. */
async function useWindows(
  loads: readonly QuotaLoad[],
  period: Period,
  params: QuotaLoadParams,
  context: AnalysisContext,
): Promise<void> {
  const windowed = loads.filter(isWindowed);
  if (windowed.length === 0) return;
  const seconds = new Map<number, ActiveSecond[]>(windowed.map((load) => [load.load_no, []]));
  const rows = await context.engine.rows(
    windowSecondsSql,
    { ...sharedParams(period, params), load_numbers: windowed.map((load) => String(load.load_no)) },
    context,
  );
  for (const row of rows) {
    seconds.get(Number(row['load_no']))!.push({
      second: epochSeconds(String(row['second'])),
      offered: Number(row['offered']),
      accepted: Number(row['accepted']),
    });
  }
  for (const load of windowed) {
    load.bins = slidingWindows(seconds.get(load.load_no)!, load.window!.window_seconds);
  }
}

function sharedParams(period: Period, params: QuotaLoadParams) {
  return { from: period.from, to: period.to, include_aws_service: params.include_aws_service };
}

/** Puts the parts of a load together whose value in force is the same one. */
function merge(loads: Map<string, QuotaLoad>, load: QuotaLoad): void {
  const key = JSON.stringify([load.load_no, load.value.limit_per_second, load.value.value_from]);
  const before = loads.get(key);
  if (!before) {
    loads.set(key, load);
    return;
  }
  before.value.uncertain ||= load.value.uncertain;
  before.stretch = { from: before.stretch.from, to: load.stretch.to };
  before.bins.push(...load.bins);
  before.offered_calls += load.offered_calls;
  before.accepted_calls += load.accepted_calls;
  before.active_seconds += load.active_seconds;
  for (const [hour, calls] of load.hours) {
    before.hours.set(hour, (before.hours.get(hour) ?? 0) + calls);
  }
}
