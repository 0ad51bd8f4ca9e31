import type { PlannedEvent } from './event.ts';
import { isoSecond } from './organisation.ts';
import type { Plan } from './plan.ts';

/** The busiest second of one account, Region and quota, counted calls only. */
export interface QuotaPeak {
  account_id: string;
  region: string;
  quota_id: string;
  calls: number;
  throttled_calls: number;
  offered_peak: number;
  /** First second with that many offered calls. */
  offered_peak_at: string;
  accepted_peak: number;
  accepted_peak_at: string;
}

/** Throttled seconds of one account, Region and quota that lie at most 5 s apart. */
export interface ThrottleBurst {
  account_id: string;
  region: string;
  quota_id: string;
  started_at: string;
  /** The last throttled second, included. */
  last_at: string;
  throttled_calls: number;
  throttled_seconds: number;
}

export interface DemoTotals {
  from: string;
  to: string;
  days: number;
  files: number;
  records: number;
  kms_records: number;
  kms_events_distinct: number;
  kms_duplicate_records: number;
  duplicate_records: number;
  counted_calls: number;
  throttled_calls: number;
  denied_calls: number;
  /** Records per recipient account, all services, duplicates included. */
  records_by_account: Record<string, number>;
  records_by_event_source: Record<string, number>;
  /** Distinct KMS events by `recipient account|Region|operation`. */
  kms_events_by_account_region_operation: Record<string, number>;
  counted_by_caller_account: Record<string, number>;
  counted_by_operation: Record<string, number>;
  counted_by_principal: Record<string, number>;
  /** Successful S3 calls by `bucket|scope|operation`, scope as in the savings definitions. */
  s3_calls: Record<string, number>;
  peak_second_at: string;
  peak_second_calls: number;
  quota_peaks: QuotaPeak[];
  throttle_bursts: ThrottleBurst[];
}

interface SecondCount {
  offered: number;
  throttled: number;
}

/** Plain counters over the plan: what the files must say when they are read back. */
export function tally(plan: Plan): Omit<DemoTotals, 'files'> {
  const records = new Counter();
  const sources = new Counter();
  const events = new Counter();
  const byAccount = new Counter();
  const byOperation = new Counter();
  const byPrincipal = new Counter();
  const s3 = new Counter();
  const perSecond = new Map<number, number>();
  const perQuota = new Map<string, Map<number, SecondCount>>();
  const sums = { kms: 0, kmsDuplicates: 0, duplicates: 0, distinct: 0 };
  const outcomes = { counted: 0, throttled: 0, denied: 0 };

  for (const event of plan.events) {
    const copies = isDoubled(plan, event) ? 2 : 1;
    sums.duplicates += copies - 1;
    records.add(event.recipient, copies);
    sources.add(event.source, copies);
    if (event.source !== 'kms.amazonaws.com') continue;
    sums.kms += copies;
    sums.kmsDuplicates += copies - 1;
    sums.distinct += 1;
    events.add(`${event.recipient}|${event.region}|${event.operation}`);
    if (!isCounted(event)) continue;
    outcomes.counted += 1;
    const isThrottled = event.error?.code === 'ThrottlingException';
    if (isThrottled) outcomes.throttled += 1;
    if (event.error?.code.startsWith('AccessDenied')) outcomes.denied += 1;
    const account = event.caller.accountId ?? event.recipient;
    byAccount.add(account);
    byOperation.add(event.operation);
    byPrincipal.add(event.caller.principalArn);
    perSecond.set(event.at, (perSecond.get(event.at) ?? 0) + 1);
    for (const [region, quota] of chargesOf(event)) {
      const place = `${account}|${region}|${quota}`;
      const seconds = perQuota.get(place) ?? new Map<number, SecondCount>();
      const second = seconds.get(event.at) ?? { offered: 0, throttled: 0 };
      second.offered += 1;
      if (isThrottled) second.throttled += 1;
      perQuota.set(place, seconds.set(event.at, second));
    }
    const scope = event.error ? undefined : s3ScopeOf(event);
    if (scope) s3.add(`${scope}|${event.operation}`);
  }

  const [peakAt, peakCalls] = maxOf(perSecond, (n) => n);
  const places = [...perQuota].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    from: isoSecond(plan.dayStart(0)),
    to: isoSecond(plan.endsAt),
    days: plan.days,
    records: plan.events.length + sums.duplicates,
    kms_records: sums.kms,
    kms_events_distinct: sums.distinct,
    kms_duplicate_records: sums.kmsDuplicates,
    duplicate_records: sums.duplicates,
    counted_calls: outcomes.counted,
    throttled_calls: outcomes.throttled,
    denied_calls: outcomes.denied,
    records_by_account: records.sorted(),
    records_by_event_source: sources.sorted(),
    kms_events_by_account_region_operation: events.sorted(),
    counted_by_caller_account: byAccount.sorted(),
    counted_by_operation: byOperation.sorted(),
    counted_by_principal: byPrincipal.sorted(),
    s3_calls: s3.sorted(),
    peak_second_at: isoSecond(peakAt),
    peak_second_calls: peakCalls,
    quota_peaks: places.map(([place, seconds]) => quotaPeak(place, seconds)),
    throttle_bursts: places.flatMap(([place, seconds]) => burstsOf(place, seconds)),
  };
}

export function isDoubled(plan: Plan, event: PlannedEvent): boolean {
  return plan.secondTrails.some(
    (t) =>
      t.account === event.recipient &&
      t.region === event.region &&
      t.from <= event.at &&
      event.at < t.to,
  );
}

function isCounted(event: PlannedEvent): boolean {
  return (event.type ?? 'AwsApiCall') === 'AwsApiCall' && event.counted !== false;
}

/** ReplicateKey is one request here and two CreateKey in the replica's Region, if it went through. */
function chargesOf(event: PlannedEvent): [region: string, quota: string][] {
  if (event.quota === undefined) return [];
  const own: [string, string] = [event.region, event.quota];
  if (event.storeQuota) return [own, [event.region, event.storeQuota]];
  if (event.operation !== 'ReplicateKey' || event.error) return [own];
  const replica = (event.request as { replicaRegion: string }).replicaRegion;
  return [own, [replica, 'op_CreateKey'], [replica, 'op_CreateKey']];
}

function s3ScopeOf(event: PlannedEvent): string | undefined {
  if (event.operation !== 'GenerateDataKey' && event.operation !== 'Decrypt') return undefined;
  const request = event.request as { encryptionContext?: Record<string, string> } | null;
  const context = request?.encryptionContext;
  const path = context?.['aws:s3:arn']?.split(':::')[1];
  if (context === undefined || path === undefined) return undefined;
  const bucket = path.split('/')[0];
  if (context['aws:cloudtrail:arn']) return `${bucket}|log_delivery`;
  return `${bucket}|${path.includes('/') ? 'objects' : 'bucket_key_on'}`;
}

function quotaPeak(place: string, seconds: Map<number, SecondCount>): QuotaPeak {
  const [account_id = '', region = '', quota_id = ''] = place.split('|');
  const [offeredAt, offered] = maxOf(seconds, (s) => s.offered);
  const [acceptedAt, accepted] = maxOf(seconds, (s) => s.offered - s.throttled);
  const counts = [...seconds.values()];
  return {
    account_id,
    region,
    quota_id,
    calls: counts.reduce((sum, s) => sum + s.offered, 0),
    throttled_calls: counts.reduce((sum, s) => sum + s.throttled, 0),
    offered_peak: offered,
    offered_peak_at: isoSecond(offeredAt),
    accepted_peak: accepted,
    accepted_peak_at: isoSecond(acceptedAt),
  };
}

function burstsOf(place: string, seconds: Map<number, SecondCount>): ThrottleBurst[] {
  const [account_id = '', region = '', quota_id = ''] = place.split('|');
  const throttled = [...seconds].filter(([, s]) => s.throttled > 0).sort(([a], [b]) => a - b);
  const groups: [number, SecondCount][][] = [];
  for (const entry of throttled) {
    const last = groups.at(-1)?.at(-1);
    if (last && entry[0] - last[0] <= 5) groups.at(-1)?.push(entry);
    else groups.push([entry]);
  }
  return groups.map((group) => ({
    account_id,
    region,
    quota_id,
    started_at: isoSecond(group[0]?.[0] ?? 0),
    last_at: isoSecond(group.at(-1)?.[0] ?? 0),
    throttled_calls: group.reduce((sum, [, s]) => sum + s.throttled, 0),
    throttled_seconds: group.length,
  }));
}

/** The smallest second with the largest value. */
function maxOf<T>(seconds: Map<number, T>, value: (t: T) => number): [number, number] {
  let best: [number, number] = [0, 0];
  for (const [second, item] of seconds) {
    const n = value(item);
    if (n > best[1] || (n === best[1] && second < best[0])) best = [second, n];
  }
  return best;
}

class Counter {
  readonly #counts = new Map<string, number>();

  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  sorted(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
