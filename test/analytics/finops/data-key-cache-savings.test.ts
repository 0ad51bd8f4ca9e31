import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  cacheEntry,
  CacheReplay,
  knee,
  messagesWithin,
  type CacheCall,
  type CacheSetting,
} from '../../../analytics/finops/cache-replay.ts';
import dataKeyCacheSavings, {
  type CacheSavingRow,
} from '../../../analytics/finops/data-key-cache-savings.ts';
import { defaultConfig } from '../../../core/config.ts';
import type { KmsEvent } from '../../../store/relations.ts';
import { event, withEvents } from '../../support/events.ts';

/** The caching CMM over whole arrays: the cache is a list in order of use, searched by plain loops. */
function simulate(calls: readonly CacheCall[], setting: CacheSetting, capacity: number): number[] {
  const kept: number[] = [];
  for (const process of new Set(calls.map((call) => call.process))) {
    let list: { entry: string; t0: number; uses: number }[] = [];
    for (const call of calls.filter((c) => c.process === process)) {
      if (call.entry === null) {
        kept.push(call.second);
        continue;
      }
      const found = list.find((item) => item.entry === call.entry);
      list = list.filter((item) => item !== found);
      const usable =
        found &&
        call.second - found.t0 <= setting.max_age_seconds &&
        !(call.is_encrypt && found.uses + 1 > setting.max_messages);
      if (usable) list.push({ ...found, uses: found.uses + 1 });
      else {
        kept.push(call.second);
        list.push({ entry: call.entry, t0: call.second, uses: 1 });
      }
      if (list.length > capacity) list = list.slice(1);
    }
  }
  return kept;
}

const cacheCall = fc.record({
  second: fc.integer({ min: 0, max: 500 }),
  entry: fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { nil: null, freq: 8 }),
  is_encrypt: fc.boolean(),
  process: fc.constantFrom('p', 'q'),
});

test('the replay equals a simulator of plain loops, every setting and capacity', () => {
  const setting = fc.record({
    max_age_seconds: fc.constantFrom(1, 10, 60, 300),
    max_messages: fc.constantFrom(1, 2, 5, 1_000),
  });
  const capacities = fc.constantFrom(1, 2, 3, 10);
  const calls = fc.array(cacheCall, { maxLength: 80 });
  fc.assert(
    fc.property(
      calls,
      fc.array(setting, { minLength: 1, maxLength: 3 }),
      capacities,
      (drawn, settings, capacity) => {
        const ordered = drawn
          .map((call) => ({
            ...call,
            entry: call.entry && `${call.is_encrypt ? 'e' : 'd'}${call.entry}`,
          }))
          .sort((a, b) => a.second - b.second);
        const replay = new CacheReplay(settings, capacity);
        for (const call of ordered) replay.add(call);
        const result = replay.finish();
        for (const [i, one] of settings.entries()) {
          const kept = simulate(ordered, one, capacity);
          const counts: Record<number, number> = {};
          for (const second of kept) counts[second] = (counts[second] ?? 0) + 1;
          expect(result[i]).toEqual({
            kept: kept.length,
            peak: Math.max(0, ...Object.values(counts)),
          });
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('forgetting idle processes changes nothing and bounds the state', () => {
  const replay = new CacheReplay([{ max_age_seconds: 60, max_messages: 10 }], 10);
  const calls: CacheCall[] = [];
  for (let i = 0; i < 5_000; i++) {
    calls.push({ second: i, entry: 'ea', is_encrypt: true, process: `p${Math.floor(i / 2)}` });
  }
  for (const call of calls) replay.add(call);
  expect(replay.finish()[0]!.kept).toBe(2_500);
  expect(replay.processes_peak).toBeLessThan(300);
});

test('the public key is stripped for encrypt and kept for decrypt', () => {
  const one = '{"tenant":"x","aws-crypto-public-key":"AAA"}';
  const two = '{"aws-crypto-public-key":"BBB","tenant":"x"}';
  expect(cacheEntry(true, one)).toBe(cacheEntry(true, two));
  expect(cacheEntry(false, one)).not.toBe(cacheEntry(false, two));
  expect(cacheEntry(false, '{"tenant":"x"}')).toBeNull();
  expect(cacheEntry(false, null)).toBeNull();
  expect(cacheEntry(true, null)).toBe(cacheEntry(true, '{}'));
  // A context without structure cannot be read as another with it.
  expect(cacheEntry(true, '{"a":"b","c":"d"}')).not.toBe(cacheEntry(true, '{"a":"b\\",\\"c"}'));
});

test('bytes bound the messages of a key, and the first message is always served', () => {
  expect(messagesWithin(100, 1_000, 300)).toBe(3);
  expect(messagesWithin(2, 1_000, 300)).toBe(2);
  expect(messagesWithin(100, 10, 300)).toBe(1);
});

test('the knee is the least exposure with nine tenths of the best saving', () => {
  expect(
    knee([
      { max_age_seconds: 60, max_messages: 10, saved: 50 },
      { max_age_seconds: 300, max_messages: 10, saved: 91 },
      { max_age_seconds: 300, max_messages: 100, saved: 95 },
      { max_age_seconds: 3_600, max_messages: 100, saved: 100 },
    ]),
  ).toEqual({ max_age_seconds: 300, max_messages: 10, saved: 91 });
  expect(knee([{ max_age_seconds: 60, max_messages: 10, saved: 0 }])).toBeNull();
});

async function savings(events: KmsEvent[], params: Record<string, unknown> = {}) {
  return withEvents(events, async (engine) => {
    const result = await dataKeyCacheSavings.execute(params, { engine, config: defaultConfig });
    return result.rows.map((row) => dataKeyCacheSavings.row.parse(row) as CacheSavingRow);
  });
}

const start = Date.parse('2026-10-05T00:00:00Z') / 1000;
const message = (second: number, changes: Partial<KmsEvent> = {}) =>
  event({
    event_time: start + second,
    operation: 'GenerateDataKey',
    context_kind: 'encryption_sdk',
    encryption_context: `{"aws-crypto-public-key":"k${second}","tenant":"x"}`,
    ...changes,
  });

test('a writer of one message a second needs one key in 100 messages, by hand', async () => {
  const events = Array.from({ length: 1_000 }, (_, i) => message(i));
  const [row] = await savings(events, { max_age_seconds: 3_600, max_messages: 100 });
  expect(row).toMatchObject({ scope: 'encryption_sdk', calls: 1_000, calls_after: 10 });
  expect(row!.saving_usd).toBeCloseTo((990 * 0.03) / 10_000, 12);
  // maxAge 60 s inclusive: messages 0..60 share a key, so 1,000 / 61 rounded up.
  const [aged] = await savings(events, { max_age_seconds: 60, max_messages: 100_000 });
  expect(aged!.calls_after).toBe(Math.ceil(1_000 / 61));
  // The best point saves 999; ten messages a key save 900, which is nine tenths already.
  expect(aged).toMatchObject({
    knee_max_age_seconds: 60,
    knee_max_messages: 10,
    knee_saved_calls: 900,
  });
  const grid = await savings(events, { grid: true });
  expect(grid).toHaveLength(17);
});

test('scopes, services and addresses stand apart; re-reads of one message are provable', async () => {
  const read = { operation: 'Decrypt', encryption_context: '{"aws-crypto-public-key":"same"}' };
  const rows = await savings([
    message(0, read),
    message(1, read),
    message(2, { ...read, source_ip: '192.0.2.9' }),
    message(3, { context_kind: 'other', encryption_context: '{"app":"y"}' }),
    message(4, { context_kind: 'other', encryption_context: '{"app":"y"}' }),
    message(5, { context_kind: 'none', encryption_context: null, operation: 'Decrypt' }),
    message(6, { context_kind: 's3' }),
    message(7, { via_service: 'ssm.amazonaws.com', is_direct: false }),
  ]);
  const shown = rows.map((row) => [
    row.scope,
    row.calls,
    row.calls_after,
    row.calls_after_low,
    row.decrypt_calls_unprovable,
  ]);
  expect(shown.sort()).toEqual([
    ['application', 3, 2, 2, 1],
    ['encryption_sdk', 3, 2, 1, 0],
  ]);
});
