import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openDatabase } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import type { EventBatch } from '../../store/batch/event-batch.ts';
import { KnownIds } from '../../store/write/known-ids.ts';
import { ledgerId, type LedgerObject } from '../../store/ledger.ts';
import type { KmsEvent } from '../../store/relations.ts';
import { Writer, type GroupItem } from '../../store/write/writer.ts';
import { batchOf, event } from '../support/events.ts';

const start = Date.parse('2026-10-05T12:00:00Z') / 1000;
const uuid = (kind: string, n: number) =>
  `${kind}0000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** Few ids, times and accounts, so that all kinds of meetings are frequent. */
const row = fc
  .record({
    id: fc.nat(12),
    second: fc.nat(2),
    request: fc.constantFrom(null, uuid('c', 1), uuid('c', 2)),
    shared: fc.option(fc.nat(4), { freq: 2 }),
    account: fc.constantFrom('111111111111', '222222222222'),
    outcome: fc.constantFrom('success', 'throttled', 'denied'),
    type: fc.constantFrom('AwsApiCall', 'AwsApiCall', 'AwsServiceEvent'),
    call: fc.constantFrom(
      {},
      { operation: 'ReplicateKey', quota_id: 'op_ReplicateKey', second_region: 'us-east-1' },
      { custom_key_store_id: 'cks-1', store_quota_id: 'custom_key_store_xks' },
      { principal_type: 'AWSService' },
    ),
  })
  .map(({ id, second, request, shared, account, outcome, type, call }) =>
    event({
      event_id: uuid('a', id),
      event_time: start + second,
      request_id: request,
      shared_event_id: shared === null ? null : uuid('b', shared),
      account_id: account,
      outcome: outcome as KmsEvent['outcome'],
      event_type: type,
      ...call,
    }),
  );

const objects = fc.array(fc.array(row, { maxLength: 8 }), { minLength: 1, maxLength: 4 });
/** Runs of the writer, each of groups, each of objects. */
const history = fc.array(fc.array(objects, { minLength: 1, maxLength: 3 }), {
  minLength: 1,
  maxLength: 2,
});

let listed = 0;
function itemOf(batch: EventBatch): GroupItem & { id: string } {
  const object = { source: 'local', bucket: '', key: `${listed++}`, version: '1', size_bytes: 1 };
  const id = ledgerId(object);
  const ledger: LedgerObject = { ...object, object_id: id, last_modified_at: 0, attempts: 0 };
  return { id, batch, objects: [ledger] };
}

interface Expected {
  inserted: number;
  duplicate: number;
  conflict: number;
}

/** The plain meaning: the first copy of an id and time stays; of a shared action one copy counts. */
class Plain {
  readonly stored = new Map<string, KmsEvent>();

  add(rows: readonly KmsEvent[]): Expected {
    const expected = { inserted: 0, duplicate: 0, conflict: 0 };
    for (const event of rows) {
      const key = `${event.event_id} ${event.event_time}`;
      const first = this.stored.get(key);
      if (first === undefined) expected.inserted++;
      else expected.duplicate++;
      if (first && first.request_id !== event.request_id) expected.conflict++;
      if (!first) this.stored.set(key, event);
    }
    return expected;
  }

  isCounted(event: KmsEvent): boolean {
    if (event.event_type !== 'AwsApiCall') return false;
    if (event.shared_event_id === null) return true;
    const copies = [...this.stored.values()].filter(
      (other) =>
        other.shared_event_id === event.shared_event_id && other.event_type === 'AwsApiCall',
    );
    const rank = (e: KmsEvent) =>
      `${e.account_id === e.caller_account_id ? 0 : 1} ${e.event_id} ${e.event_time}`;
    return copies.every((other) => rank(event) <= rank(other));
  }
}

test('in any order and grouping the first copy stays, and what counts is what the charges say', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (runs) => {
      const database = await openDatabase(':memory:');
      const plain = new Plain();
      const expected: Record<string, Expected> = {};
      const found: Record<string, Expected> = {};
      for (const groups of runs) {
        const writer = await Writer.open(database);
        for (const group of groups) {
          for (const rows of group) {
            const item = itemOf(batchOf(rows));
            expected[item.id] = plain.add(rows);
            await writer.add(item);
          }
          for (const { object_id, inserted, duplicate, conflict } of await writer.finish('test'))
            found[object_id] = { inserted, duplicate, conflict };
        }
        await writer.fold();
        writer.close();
      }
      expect(found).toEqual(expected);
      const engine = new DuckDbEngine(database);
      const key = (
        e: { event_id: unknown; event_time: unknown; request_id: unknown },
        counted: unknown,
      ) =>
        `${String(e.event_id)} ${String(e.event_time)} ${String(e.request_id)} ${String(counted)}`;
      const stored = await engine.rows(
        'SELECT event_id, CAST(epoch(event_time) AS INTEGER) AS event_time, request_id, counted FROM kms_events',
      );
      expect(stored.map((e) => key(e as never, e['counted'])).toSorted()).toEqual(
        [...plain.stored.values()].map((e) => key(e, plain.isCounted(e))).toSorted(),
      );
      await expectCountsOfCharges(engine);
      engine.close();
      database.close();
    }),
    { numRuns: 40 },
  );
});

/** calls_per_second against the same sums over quota_charges, worked out here. */
async function expectCountsOfCharges(engine: DuckDbEngine): Promise<void> {
  const scope = 'caller_account_id, region, quota_id, custom_key_store_id';
  const charges = await engine.rows(
    `SELECT event_time AS second, ${scope}, units, outcome, principal_type FROM quota_charges`,
  );
  const sums = new Map<string, number[]>();
  for (const charge of charges) {
    const { second, caller_account_id, region, quota_id, custom_key_store_id } = charge;
    const key = JSON.stringify([second, caller_account_id, region, quota_id, custom_key_store_id]);
    const sum = sums.get(key) ?? [0, 0, 0, 0];
    const units = Number(charge['units']);
    sum[0]! += units;
    if (charge['outcome'] === 'throttled') sum[1]! += units;
    if (charge['outcome'] === 'denied') sum[2]! += units;
    if (charge['principal_type'] === 'AWSService') sum[3]! += units;
    sums.set(key, sum);
  }
  const seconds = await engine.rows(
    `SELECT second, ${scope}, offered, throttled, denied, aws_service_offered FROM calls_per_second`,
  );
  const counted = seconds.map((s) => [
    JSON.stringify([
      s['second'],
      s['caller_account_id'],
      s['region'],
      s['quota_id'],
      s['custom_key_store_id'],
    ]),
    [s['offered'], s['throttled'], s['denied'], s['aws_service_offered']].map(Number),
  ]);
  expect(counted.toSorted()).toEqual([...sums].toSorted());
}

/** A batch that DuckDB refuses: its only text of some length is no UTF-8. */
function poison(): EventBatch {
  const batch = batchOf([
    event({ encryption_context: '{"a":"a text of more than twelve bytes"}' }),
  ]);
  const column = batch.events.columns['encryption_context'] as { bytes: Uint8Array };
  column.bytes.fill(0xff, 20, 21);
  return batch;
}

test('a batch that cannot be appended takes no other with it, wherever it stands in its group', async () => {
  for (const place of [0, 1, 3]) {
    const database = await openDatabase(':memory:');
    const writer = await Writer.open(database);
    const others = [1, 2, 3].map(() =>
      itemOf(batchOf([event(), event({ event_id: randomUUID() })])),
    );
    const bad = itemOf(poison());
    const items = others.toSpliced(place, 0, bad);
    for (const item of items) await writer.add(item);
    expect(writer.isPressed).toBe(true);
    const counts = await writer.finish('test');
    expect(counts.map((c) => [c.object_id, c.status, c.inserted])).toEqual(
      items.map((item) => (item === bad ? [item.id, 'dead', 0] : [item.id, 'ok', 2])),
    );
    // The same events again, after the rollbacks, are known.
    const again = await writer.commit([itemOf(others[0]!.batch)], 'test');
    expect(again[0]).toMatchObject({ inserted: 0, duplicate: 2 });
    writer.close();
    const engine = new DuckDbEngine(database);
    await expectCountsOfCharges(engine);
    expect(await engine.rows('SELECT count(*) AS n FROM kms_events')).toEqual([{ n: 6 }]);
    engine.close();
    database.close();
  }
});

test('a group that is given up leaves nothing, and the next one is whole', async () => {
  const database = await openDatabase(':memory:');
  const writer = await Writer.open(database);
  const batch = batchOf([event(), event({ outcome: 'throttled' })]);
  await writer.add(itemOf(batch));
  await writer.discard();
  const engine = new DuckDbEngine(database);
  expect(await engine.rows('SELECT count(*) AS n FROM kms_events')).toEqual([{ n: 0 }]);
  const counts = await writer.commit([itemOf(batch)], 'test');
  expect(counts[0]).toMatchObject({ inserted: 2, duplicate: 0 });
  await expectCountsOfCharges(engine);
  engine.close();
  writer.close();
  database.close();
});

test('no event that was there before is called new, however full the memory of ids is', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer(), fc.nat(40), fc.nat(100)), { maxLength: 400 }),
      fc.option(fc.tuple(fc.nat(100), fc.nat(20))),
      (rows, stored) => {
        const span = stored ? { min: stored[0], max: stored[0] + stored[1] } : null;
        const known = new KnownIds(span, 64);
        const seen = new Set<string>();
        for (const [a, b, time] of rows) {
          const id = Int32Array.of(a % 3, b, a, 7);
          const isNew = !known.mayHold(id, 0, time);
          const wasThere = seen.has(`${id.join()} ${time}`);
          const isStored = span !== null && time >= span.min && time <= span.max;
          if (isNew) expect(wasThere || isStored).toBe(false);
          seen.add(`${id.join()} ${time}`);
        }
      },
    ),
  );
});
