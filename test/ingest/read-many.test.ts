import { describe, expect, test } from 'vitest';

import { BoundedQueue } from '../../ingest/sources/bounded-queue.ts';
import { readMany } from '../../ingest/sources/read-many.ts';
import { ObjectError, type ListedObject, type ObjectReader } from '../../ingest/sources/source.ts';

const tick = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function objects(count: number): ListedObject[] {
  return Array.from({ length: count }, (_, i) => ({
    source: 's3',
    bucket: 'b',
    key: String(i),
    version: '1',
    size_bytes: 1,
    last_modified_at: 0,
  }));
}

describe('reading many objects', () => {
  test('keeps their order, goes on after a failure, and holds no more than agreed', async () => {
    let held = 0;
    let heldMost = 0;
    const reader: ObjectReader = {
      readConcurrency: 4,
      async read({ key }) {
        held += 1;
        heldMost = Math.max(heldMost, held);
        await tick((Number(key) * 7) % 5); // Later ones are often done first.
        if (key === '3') throw new ObjectError('gone', key);
        return Buffer.from(key);
      },
      close() {},
    };
    const results: string[] = [];
    for await (const { object, bytes, error } of readMany(reader, objects(20))) {
      results.push(error ? `${object.key} failed` : String(bytes));
      held -= 1;
    }
    expect(results).toEqual(
      Array.from({ length: 20 }, (_, i) => (i === 3 ? '3 failed' : String(i))),
    );
    expect(heldMost).toBe(4);
  });

  test('holds no more than 64 MiB ahead, and takes a larger one alone', async () => {
    const mebibyte = 1_048_576;
    const sizes = [30, 30, 30, 100, 1, 1, 40, 30].map((size) => size * mebibyte);
    let ahead = 0;
    const aheadAt: number[] = [];
    const reader: ObjectReader = {
      readConcurrency: 8,
      async read({ size_bytes }) {
        ahead += size_bytes / mebibyte;
        aheadAt.push(ahead);
        return Buffer.alloc(0);
      },
      close() {},
    };
    const listed = objects(8).map((object, i) => ({ ...object, size_bytes: sizes[i] ?? 0 }));
    for await (const { object } of readMany(reader, listed)) ahead -= object.size_bytes / mebibyte;
    expect(aheadAt).toEqual([30, 60, 60, 100, 1, 2, 42, 30]);
  });

  test('stops when the signal aborts', async () => {
    const stop = new AbortController();
    const reader: ObjectReader = {
      readConcurrency: 2,
      read: async (_, signal) => (signal?.throwIfAborted(), Buffer.alloc(1)),
      close() {},
    };
    const reading = readMany(reader, objects(5), stop.signal);
    await reading.next();
    stop.abort(new Error('enough'));
    await expect(reading.next()).rejects.toThrow('enough');
  });
});

describe('a bounded queue', () => {
  test('brings all items of all producers, in the order of each, and never holds more', async () => {
    const queue = new BoundedQueue<number>(3);
    let unread = 0;
    let unreadMost = 0;
    const produce = async (first: number): Promise<void> => {
      for (let i = 0; i < 50; i++) {
        await queue.push(first + i);
        unread += 1;
        unreadMost = Math.max(unreadMost, unread);
      }
    };
    const produced = Promise.all([produce(0), produce(1000), produce(2000)]).then(() =>
      queue.end(),
    );
    const seen: number[] = [];
    for await (const item of queue) {
      unread -= 1;
      seen.push(item);
      if (seen.length % 7 === 0) await tick();
    }
    await produced;
    for (const first of [0, 1000, 2000])
      expect(seen.filter((item) => item >= first && item < first + 1000)).toEqual(
        Array.from({ length: 50 }, (_, i) => first + i),
      );
    expect(seen).toHaveLength(150);
    expect(unreadMost).toBeLessThanOrEqual(4); // Three that lie there, one on its way to the reader.
  });

  test('gives what lies there before the error, and frees producers when it ends', async () => {
    const queue = new BoundedQueue<string>(1);
    await queue.push('a');
    const waiting = queue.push('b');
    queue.fail(new Error('broken'));
    await waiting;
    const seen: string[] = [];
    await expect(
      (async () => {
        for await (const item of queue) seen.push(item);
      })(),
    ).rejects.toThrow('broken');
    expect(seen).toEqual(['a']);
  });
});
