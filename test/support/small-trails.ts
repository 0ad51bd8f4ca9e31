import fc from 'fast-check';
import type { KmsEvent } from '../../store/relations.ts';
import { event } from './events.ts';

/** A call of a small random trail, as plain values that a brute force can count. */
export interface SmallCall {
  /** Seconds since the epoch. */
  second: number;
  account: string;
  region: string;
  quota_id: string;
  store: string | null;
  principal: string;
  aws_service: boolean;
  throttled: boolean;
}

/** Small random calls around `start`; their account and store carry the case's number. */
export function smallCalls(options: {
  start: number;
  span_seconds: number;
  quotas: readonly string[];
  calls_max?: number;
}): fc.Arbitrary<SmallCall[]> {
  const call = fc.record({
    second: fc.integer({ min: options.start, max: options.start + options.span_seconds - 1 }),
    account: fc.constantFrom('1', '2'),
    region: fc.constantFrom('eu-central-1', 'us-east-1'),
    quota_id: fc.constantFrom(...options.quotas),
    store: fc.constantFrom(null, null, 'cks'),
    principal: fc.constantFrom('a', 'b', 'c'),
    aws_service: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    throttled: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
  });
  return fc.array(call, { minLength: 1, maxLength: options.calls_max ?? 40 });
}

/** The calls of each case with accounts and stores of their own, so that cases share a database. */
export function separated(cases: readonly (readonly SmallCall[])[]): SmallCall[][] {
  return cases.map((calls, i) =>
    calls.map((call) => ({
      ...call,
      account: `${String(i).padStart(4, '0')}0000000${call.account}`,
      store: call.store && call.quota_id === 'crypto_symmetric' ? `cks-${i}` : null,
    })),
  );
}

/** The events of these calls, with whatever `more` adds. */
export function eventsOf(
  calls: readonly SmallCall[],
  more: (call: SmallCall) => Partial<KmsEvent> = () => ({}),
): KmsEvent[] {
  return calls.map((call) =>
    event({
      event_time: call.second,
      account_id: call.account,
      caller_account_id: call.account,
      region: call.region,
      quota_id: call.quota_id,
      custom_key_store_id: call.store,
      store_quota_id: call.store === null ? null : 'custom_key_store_xks',
      principal_arn: call.principal,
      principal_type: call.aws_service ? 'AWSService' : 'AssumedRole',
      outcome: call.throttled ? 'throttled' : 'success',
      error_code: call.throttled ? 'ThrottlingException' : null,
      ...more(call),
    }),
  );
}

/** Groups by a text key, in order of first appearance. */
export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
