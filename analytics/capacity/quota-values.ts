import { memberOf } from '../../core/member-of.ts';
import type { QuotaOverride } from '../../core/config.ts';
import { quotasById, quotasFile, type Quota } from '../../reference/quotas.ts';

/** The value of a quota for one account and Region at one time, and where it comes from. */
export interface QuotaValue {
  /** Requests per second; null when nobody published one. */
  limit_per_second: number | null;
  basis: 'applied' | 'default' | 'unknown';
  /** ISO date since when it holds; null for as far back as the sources go, or when unknown. */
  value_from: string | null;
  source: string | null;
  /** True when the default may still have been the former one at that time. */
  uncertain: boolean;
}

/** Nobody published a value. */
export const unknownValue: QuotaValue = {
  limit_per_second: null,
  basis: 'unknown',
  value_from: null,
  source: null,
  uncertain: false,
};

/**
 * The applied value (an override) if there is one, else the Region's default in force at the time.
 * Of several overrides the most specific holds (account and Region, account, Region, neither), and of
 * equal ones the last. An applied value is taken for all times: Service Quotas gives no history.
 */
export function quotaValueAt(
  quotaId: string,
  account: string | null,
  region: string | null,
  at: Date,
  overrides: readonly QuotaOverride[],
): QuotaValue {
  const applied = appliedValue(quotaId, account, region, overrides);
  if (applied) return applied;
  const quota = quotasById.get(quotaId);
  const inForce = quota?.defaults.findLast(
    (value) => value.from === null || Date.parse(value.from) <= at.getTime(),
  );
  if (!inForce) return unknownValue;
  const uncertain_until = inForce.uncertain_until;
  return {
    limit_per_second:
      (region === null ? undefined : memberOf(inForce.regions, region)) ?? inForce.value,
    basis: 'default',
    value_from: inForce.from,
    source: memberOf(quotasFile.sources, inForce.source) ?? inForce.source,
    uncertain: uncertain_until !== undefined && at.getTime() < Date.parse(uncertain_until),
  };
}

function appliedValue(
  quotaId: string,
  account: string | null,
  region: string | null,
  overrides: readonly QuotaOverride[],
): QuotaValue | null {
  let best: QuotaOverride | undefined;
  let bestRank = -1;
  for (const override of overrides) {
    if (override.quota_id !== quotaId) continue;
    if (override.account_id !== undefined && override.account_id !== account) continue;
    if (override.region !== undefined && override.region !== region) continue;
    const rank = (override.account_id === undefined ? 0 : 2) + (override.region ? 1 : 0);
    if (rank >= bestRank) [best, bestRank] = [override, rank];
  }
  if (!best) return null;
  return {
    limit_per_second: best.value,
    basis: 'applied',
    value_from: best.as_of ?? null,
    source: best.source ?? 'configuration (quotaOverrides)',
    uncertain: false,
  };
}

/** The name of a quota as AWS writes it; the id when nobody lists it. */
export function quotaName(quotaId: string): string {
  const name = quotasById.get(quotaId)?.name;
  return name === undefined || name.startsWith('UNKNOWN') ? quotaId : name;
}

/** The window in which a limit is a whole number of calls (definitions: Utilisation). */
export interface QuotaWindow {
  window_seconds: number;
  /** Calls that the limit allows in the window. */
  limit_calls: number;
}

const window_seconds_max = 3_600;

/** One second for limits of at least one a second; else the shortest window of whole calls. */
export function quotaWindow(limit_per_second: number): QuotaWindow {
  if (limit_per_second >= 1) return { window_seconds: 1, limit_calls: limit_per_second };
  for (
    let seconds = Math.ceil(1 / limit_per_second - 1e-9);
    seconds <= window_seconds_max;
    seconds++
  ) {
    const calls = seconds * limit_per_second;
    if (Math.abs(calls - Math.round(calls)) < 1e-9 * seconds) {
      return { window_seconds: seconds, limit_calls: Math.round(calls) };
    }
  }
  return { window_seconds: Math.ceil(1 / limit_per_second), limit_calls: 1 };
}

/** A half-open stretch of time in which no default changes. */
export interface Period {
  from: Date | null;
  to: Date | null;
}

/**
 * The parts of [first, last] in which every default is constant, oldest first; defaults change at
 * midnight UTC. The outer ends keep the given bounds.
 */
export function constantPeriods(
  range: { from: Date | null; to: Date | null },
  data: { first: Date; last: Date },
  quotas: readonly Quota[] = quotasFile.quotas,
): Period[] {
  const changes = new Set<number>();
  for (const quota of quotas) {
    for (const value of quota.defaults) {
      const at = value.from === null ? Number.NaN : Date.parse(value.from);
      const inside = at > data.first.getTime() && at <= data.last.getTime();
      const wanted =
        (range.from === null || at > range.from.getTime()) &&
        (range.to === null || at < range.to.getTime());
      if (inside && wanted) changes.add(at);
    }
  }
  const cuts = [...changes].sort((a, b) => a - b).map((at) => new Date(at));
  return [...cuts, null].map((to, i) => ({
    from: i === 0 ? range.from : cuts[i - 1]!,
    to: to ?? range.to,
  }));
}
