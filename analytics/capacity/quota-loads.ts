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
  /** The hour of the week (UTC, day 1 = Monday) with most accepted calls; null for a small peak. */
  busiest_hour: { day_of_week: number; hour_of_day: number; calls: number } | null;
  /** Null for a small peak, or when the window is longer than a second. */
  three_seconds: { calls: number; from_at: number } | null;
}

export interface QuotaLoadParams extends FilterValues {
  quota?: string | undefined;
  include_aws_service: boolean;
  /**
   * Busiest hour and three seconds are worked out for peaks from this percent of the quota up; absent
   * for none.
   */
  detail_percent?: number;
}

const readSql = (name: string) => readFileSync(new URL(`./${name}`, import.meta.url), 'utf8');
const sql = readSql('quota-utilisation.sql');
const hoursSql = readSql('quota-hours.sql');
const threeSecondsSql = readSql('quota-three-seconds.sql');
const windowSecondsSql = readSql('quota-window-seconds.sql');

/**
 * The loads of all quotas, one for each value in force: the range is cut where a default changes, and
 * parts with the same value are put together again.
 */
export async function quotaLoads(
  params: QuotaLoadParams,
  context: AnalysisContext,
): Promise<QuotaLoad[]> {
  const { include_aws_service } = params;
  const whole = { from: params.from ?? null, to: params.to ?? null };
  const wholeRows = await runSql(sql, { ...params, ...whole }, context);
  const times = wholeRows.flatMap((row) => [
    Date.parse(String(row['first_at'])),
    Date.parse(String(row['last_at'])),
  ]);
  const first = new Date(times.reduce((a, b) => Math.min(a, b), Infinity));
  const last = new Date(times.reduce((a, b) => Math.max(a, b), -Infinity));
  const periods = wholeRows.length === 0 ? [] : constantPeriods(whole, { first, last });
  const loads = new Map<string, QuotaLoad>();
  for (const period of periods) {
    // Nearly always no default changes within the data, and the first answer stands.
    const rows =
      periods.length === 1 ? wholeRows : await runSql(sql, { ...params, ...period }, context);
    for (const load of readPeriod(rows, period, context)) merge(loads, load);
  }
  const shared = ({ from, to }: Period) => ({ from, to, include_aws_service });
  const { detail_percent } = params;
  const isNear = (load: QuotaLoad) => {
    if (detail_percent === undefined) return false;
    const peak = load.bins.reduce((most, bin) => Math.max(most, bin.accepted), 0);
    return peak * 100 >= detail_percent * (load.window?.limit_calls ?? 0);
  };
  for (const [stretch, together] of byStretch([...loads.values()])) {
    await Promise.all([
      addThreeSeconds(
        together.filter((load) => isNear(load) && !isWindowed(load)),
        shared(stretch),
        context,
      ),
      addBusiestHour(together.filter(isNear), shared(stretch), context),
    ]);
    await useWindows(together.filter(isWindowed), shared(stretch), context);
  }
  return [...loads.values()];
}

/** Loads by the stretch of time that they are of. */
export function byStretch(loads: readonly QuotaLoad[]): [Period, QuotaLoad[]][] {
  const stretches = new Map<string, [Period, QuotaLoad[]]>();
  for (const load of loads) {
    const { from, to } = load.stretch;
    const key = `${from?.toISOString()} ${to?.toISOString()}`;
    const found = stretches.get(key);
    if (found) found[1].push(load);
    else stretches.set(key, [{ from, to }, [load]]);
  }
  return [...stretches.values()];
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
    const bins = Number(row['seconds']);
    const offered = Number(row['offered']);
    const accepted = Number(row['accepted']);
    load.bins.push({
      offered,
      accepted,
      bins,
      first_at: epochSeconds(String(row['first_at'])),
      last_at: epochSeconds(String(row['last_at'])),
    });
    load.offered_calls += offered * bins;
    load.accepted_calls += accepted * bins;
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
    busiest_hour: null,
    three_seconds: null,
  };
}

const isWindowed = (load: QuotaLoad) => load.window !== null && load.window.window_seconds > 1;

interface StretchParams {
  from: Date | null;
  to: Date | null;
  include_aws_service: boolean;
}

/** The rows of a part of this analysis for these loads; none asked, none given. */
async function rowsOf(
  sql: string,
  loads: readonly QuotaLoad[],
  params: StretchParams,
  context: AnalysisContext,
): Promise<Record<string, unknown>[]> {
  if (loads.length === 0) return [];
  const load_numbers = loads.map((load) => String(load.load_no));
  return context.engine.rows(sql, { ...params, load_numbers }, context);
}

async function addThreeSeconds(
  loads: readonly QuotaLoad[],
  params: StretchParams,
  context: AnalysisContext,
): Promise<void> {
  const byLoad = new Map(loads.map((load) => [load.load_no, load]));
  for (const row of await rowsOf(threeSecondsSql, loads, params, context)) {
    byLoad.get(Number(row['load_no']))!.three_seconds = {
      calls: Number(row['calls_3s']),
      from_at: epochSeconds(String(row['from_at'])),
    };
  }
}

async function addBusiestHour(
  loads: readonly QuotaLoad[],
  params: StretchParams,
  context: AnalysisContext,
): Promise<void> {
  const byLoad = new Map(loads.map((load) => [load.load_no, load]));
  for (const row of await rowsOf(hoursSql, loads, params, context)) {
    // The busiest hour comes first.
    byLoad.get(Number(row['load_no']))!.busiest_hour ??= {
      day_of_week: Number(row['day_of_week']),
      hour_of_day: Number(row['hour_of_day']),
      calls: Number(row['accepted_calls']),
    };
  }
}

/** Replaces the seconds of quotas below one a second by their sliding windows. */
async function useWindows(
  loads: readonly QuotaLoad[],
  params: StretchParams,
  context: AnalysisContext,
): Promise<void> {
  const seconds = new Map<number, ActiveSecond[]>(loads.map((load) => [load.load_no, []]));
  for (const row of await rowsOf(windowSecondsSql, loads, params, context)) {
    seconds.get(Number(row['load_no']))!.push({
      second: epochSeconds(String(row['second'])),
      offered: Number(row['offered']),
      accepted: Number(row['accepted']),
    });
  }
  for (const load of loads) {
    load.bins = slidingWindows(seconds.get(load.load_no)!, load.window!.window_seconds);
  }
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
}
