import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { ConcurrencyLimit } from '../../ingest/sources/concurrency-limit.ts';

interface Held {
  slowDown: () => void;
  finish: (error?: Error) => Promise<void>;
}

/** Starts a task that runs until told to finish; resolves to undefined while it has to wait. */
async function hold(limit: ConcurrencyLimit): Promise<Held | undefined> {
  let held: Held | undefined;
  const done = limit.run(
    (slowDown) =>
      new Promise<void>((resolve, reject) => {
        held = {
          slowDown,
          finish: async (error) => {
            if (error) reject(error);
            else resolve();
            await done.catch(() => undefined);
          },
        };
      }),
  );
  done.catch(() => undefined);
  await Promise.resolve();
  return held;
}

async function holdAll(limit: ConcurrencyLimit, count: number): Promise<Held[]> {
  const held: Held[] = [];
  for (let i = 0; i < count; i++) held.push((await hold(limit)) as Held);
  return held;
}

async function succeed(limit: ConcurrencyLimit, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await limit.run(async () => undefined);
}

describe('a concurrency limit', () => {
  test('halves once for all "slow down" answers to requests that ran together', async () => {
    const limit = new ConcurrencyLimit(16);
    const held = await holdAll(limit, 16);
    for (const one of held) one.slowDown();
    expect(limit.limit).toBe(8);
    for (const one of held) await one.finish();
    const again = await holdAll(limit, 8);
    for (const one of again) one.slowDown();
    expect(limit.limit).toBe(4);
    for (const one of again) await one.finish();
  });

  test('halves again when the same request, tried again, is told so again', async () => {
    const limit = new ConcurrencyLimit(16);
    const [first, second] = (await holdAll(limit, 2)) as [Held, Held];
    first.slowDown();
    second.slowDown();
    expect(limit.limit).toBe(8);
    second.slowDown();
    expect(limit.limit).toBe(4);
    await first.finish();
    await second.finish();
  });

  test('never falls below one', async () => {
    const limit = new ConcurrencyLimit(3);
    for (let i = 0; i < 5; i++) await limit.run(async (slowDown) => slowDown());
    expect(limit.limit).toBe(1);
    expect(await limit.run(async () => 'still runs')).toBe('still runs');
  });

  test('grows by one after a full round of successes, up to what it began with', async () => {
    const limit = new ConcurrencyLimit(4);
    await limit.run(async (slowDown) => slowDown()); // Came to its end, but slowly: no success.
    expect(limit.limit).toBe(2);
    await succeed(limit, 1);
    expect(limit.limit).toBe(2);
    await succeed(limit, 1);
    expect(limit.limit).toBe(3);
    await succeed(limit, 2);
    expect(limit.limit).toBe(3);
    await succeed(limit, 1);
    expect(limit.limit).toBe(4);
    await succeed(limit, 100);
    expect(limit.limit).toBe(4);
  });

  test('lets no new request in until enough of the old ones are done', async () => {
    const limit = new ConcurrencyLimit(4);
    const held = await holdAll(limit, 4);
    held[0]?.slowDown();
    let started = false;
    const waiting = limit.run(async () => void (started = true));
    await held[0]?.finish(new Error('slow down'));
    await held[1]?.finish(new Error('slow down'));
    expect([limit.running, started]).toEqual([2, false]);
    await held[2]?.finish(new Error('slow down'));
    await waiting;
    expect(started).toBe(true);
    await held[3]?.finish();
  });

  test('frees the place of a task that fails and hands its error on', async () => {
    const limit = new ConcurrencyLimit(1);
    const failing = limit.run(async () => Promise.reject(new Error('broken')));
    const next = limit.run(async () => 'next');
    await expect(failing).rejects.toThrow('broken');
    expect(await next).toBe('next');
    expect(limit.running).toBe(0);
  });

  test('starts waiting tasks first come first served, and never more than the limit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.record({ steps: fc.nat(4), slow: fc.boolean(), fails: fc.boolean() }), {
          maxLength: 40,
        }),
        async (most, tasks) => {
          const limit = new ConcurrencyLimit(most);
          const started: number[] = [];
          let running = 0;
          const done = await Promise.allSettled(
            tasks.map(({ steps, slow, fails }, index) =>
              limit.run(async (slowDown) => {
                started.push(index);
                running += 1;
                expect(running).toBeLessThanOrEqual(most);
                for (let i = 0; i < steps; i++) await Promise.resolve();
                if (slow) slowDown();
                running -= 1;
                if (fails) throw new Error('fails');
                return index;
              }),
            ),
          );
          expect(started).toEqual(tasks.map((_, index) => index));
          expect(done.map(({ status }) => status)).toEqual(
            tasks.map(({ fails }) => (fails ? 'rejected' : 'fulfilled')),
          );
          expect(limit.running).toBe(0);
          expect(limit.limit).toBeGreaterThanOrEqual(1);
          expect(limit.limit).toBeLessThanOrEqual(most);
        },
      ),
      { numRuns: 200, seed: 7 },
    );
  });

  test('refuses to be made for less than one', () => {
    expect(() => new ConcurrencyLimit(0)).toThrow(RangeError);
    expect(() => new ConcurrencyLimit(Number.NaN)).toThrow(RangeError);
  });
});
