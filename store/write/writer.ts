import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../../core/errors.ts';
import { foldCallSeconds, hasGrown, isFolded } from './call-seconds.ts';
import { appendColumns } from './chunk-append.ts';
import { countObjects } from './count-objects.ts';
import { raiseDataVersion } from '../data-version.ts';
import type { Database } from '../database.ts';
import { DimensionIds } from './dimension-ids.ts';
import type { EventBatch } from '../batch/event-batch.ts';
import { CallCounts } from './call-counts.ts';
import { refuseFatal, refuseWhole } from '../fatal.ts';
import { relatedColumns } from './related-columns.ts';
import { readerVersion, type LedgerObject, type ObjectCounts } from '../ledger.ts';
import { sliceObject } from '../batch/slice-object.ts';
import { settleReplacedEvents } from './replaced-events.ts';
import { Staging } from './staging.ts';
import { StoredEntries } from './stored-entries.ts';
import { insertLedger, readBack, stageLedger } from './write-ledger.ts';

/** A batch and the ledger entry of each of its objects (by task_index). */
export interface GroupItem {
  batch: EventBatch;
  objects: readonly LedgerObject[];
}

/** The group whose transaction is open. */
interface OpenGroup {
  /** Kept until all is stored: what cannot be stored together is tried object by object. */
  items: GroupItem[];
  /** Of the objects of each item. */
  objectNumbers: number[][];
  /** Its transaction is rolled back then. */
  failure: { cause: unknown } | null;
}

/** Rows that wait in memory for their decision before a group had better end. */
const held_max = 122_880;

const emptyGroup = (): OpenGroup => ({ items: [], objectNumbers: [], failure: null });

/**
 * The one writer. Rows, per-second counts and ledger entries of a group of objects are stored in one
 * transaction; any error rolls it back, and the objects are then tried one by one so that a poisonous
 * one cannot take others with it.
 */
export class Writer {
  readonly #database: Database;
  readonly #connection: DuckDBConnection;
  readonly #dimensions: DimensionIds;
  readonly #staging: Staging;
  readonly #calls: CallCounts;
  readonly #entries: StoredEntries;
  #nextObject: number;
  /** Whether the ledger held no object when the writer was opened. */
  readonly isFirst: boolean;
  #group: OpenGroup = emptyGroup();
  #isRolledBack = false;

  private constructor(
    database: Database,
    connection: DuckDBConnection,
    dimensions: DimensionIds,
    calls: CallCounts,
    staging: Staging,
    nextObject: number,
  ) {
    this.#database = database;
    this.#connection = connection;
    this.#staging = staging;
    this.#dimensions = dimensions;
    this.#calls = calls;
    this.#entries = new StoredEntries(connection, dimensions, calls);
    this.#nextObject = nextObject;
    this.isFirst = nextObject === 0;
  }

  static async open(database: Database): Promise<Writer> {
    const connection = await database.connect();
    await stageLedger(connection);
    const dimensions = await DimensionIds.load(connection);
    const last = await connection.runAndReadAll(
      'SELECT coalesce(max(object_no), -1) FROM ingest_objects',
    );
    const nextObject = Number(last.getRows()[0]![0]) + 1;
    await database.makeRoomForLedger(nextObject);
    const calls = await CallCounts.open(connection);
    const staging = await Staging.open(connection, calls);
    return new Writer(database, connection, dimensions, calls, staging, nextObject);
  }

  close(): void {
    this.#connection.closeSync();
  }

  /** Whether to finish the open group is best: it has failed, or many of its rows wait for that. */
  get isPressed(): boolean {
    return this.#group.failure !== null || this.#staging.held >= held_max;
  }

  /**
   * Appends a batch to the open group, whose transaction begins with the first. Nothing is to be seen
   * before `finish`, which also deals with a batch that could not be appended.
   * Throws KeymeterError `database_fatal` when DuckDB can no longer be used (disk full): what was
   * acknowledged before stays, the next run goes on.
   */
  async add(item: GroupItem): Promise<void> {
    const group = this.#group;
    group.items.push(item);
    if (group.failure) return;
    await this.#guarded(group, async () => {
      if (group.items.length === 1) await this.#begin();
      group.objectNumbers.push(await this.#append(item));
    });
  }

  /**
   * Stores the open group; resolves with the counts of each object once its transaction is durable.
   * When it cannot be stored as a whole, its objects are tried one by one. Throws as `add` does.
   */
  async finish(runId: string): Promise<ObjectCounts[]> {
    const group = this.#group;
    this.#group = emptyGroup();
    if (group.items.length === 0) return [];
    let counts: ObjectCounts[] = [];
    if (!group.failure) {
      await this.#guarded(group, async () => {
        counts = await this.#settle(group, runId);
      });
    }
    if (!group.failure) return counts;
    // Any of the objects may be the first that is stored: each brings all entries.
    const deltas = group.items.flatMap((item) => item.batch.deltas);
    const single = group.items.flatMap(({ batch, objects }) =>
      batch.objects.map((result) =>
        sliceObject({ batch: { ...batch, deltas }, objects }, result.task_index),
      ),
    );
    if (single.length === 1) {
      refuseWhole(group.failure.cause);
      return this.#bury(single[0]!, group.failure.cause, runId);
    }
    for (const item of single) counts.push(...(await this.commit([item], runId)));
    return counts;
  }

  /** Gives up the open group: none of its objects is stored. */
  async discard(): Promise<void> {
    const { items, failure } = this.#group;
    this.#group = emptyGroup();
    if (items.length > 0 && !failure) await this.#rollback();
  }

  /** Stores a group whose batches are all there. */
  async commit(items: readonly GroupItem[], runId: string): Promise<ObjectCounts[]> {
    for (const item of items) await this.add(item);
    return this.finish(runId);
  }

  /**
   * Folds call_seconds so that each key has one row; readers may then skip the GROUP BY. False when nothing
   * was stored since the last time, or `onlyWhenGrown` and too little for the cost of writing the table again.
   */
  async fold(onlyWhenGrown = false): Promise<boolean> {
    if (await isFolded(this.#connection)) return false;
    if (onlyWhenGrown && !(await hasGrown(this.#connection))) return false;
    await this.#transaction(() => foldCallSeconds(this.#connection));
    return true;
  }

  /** DuckDB refuses while a query runs; everything is in its log then, and closing checkpoints too. */
  async checkpoint(): Promise<void> {
    try {
      await this.#connection.run('CHECKPOINT');
    } catch (error) {
      if (!messageOf(error).includes('Cannot CHECKPOINT')) throw error;
    }
  }

  /** Any error rolls the group's transaction back and is noted; what DuckDB does not survive is thrown. */
  async #guarded(group: OpenGroup, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      group.failure = { cause: error };
      refuseFatal(error);
      await this.#rollback();
    }
  }

  async #begin(): Promise<void> {
    await this.#database.makeRoomForLedger(this.#nextObject);
    await this.#connection.run('BEGIN');
    this.#staging.clear({ forget: this.#isRolledBack });
    this.#isRolledBack = false;
  }

  /** Appends the rows of a batch and their dimensions; gives the numbers of its objects. */
  async #append(item: GroupItem): Promise<number[]> {
    const numbers = item.batch.objects.map(
      (result) => item.objects[result.task_index]!.object_no ?? this.#nextObject++,
    );
    const { dictionary, deltas, events } = item.batch;
    const rows = events.rowCount + item.batch.related.rowCount;
    for (const delta of deltas) await this.#entries.take(delta, rows);
    const mapped = this.#entries.of(dictionary);
    await this.#staging.add(item.batch, numbers, mapped);
    const related = relatedColumns(item.batch, numbers, mapped.actions.numbers);
    await appendColumns(this.#connection, 'related', related, item.batch.related.rowCount);
    return numbers;
  }

  /** Decides what is new, writes counts and ledger, and commits. */
  async #settle(group: OpenGroup, runId: string): Promise<ObjectCounts[]> {
    const inserted = await this.#staging.settle();
    await settleReplacedEvents(
      this.#connection,
      group.items.flatMap(({ batch }) => batch.objects.flatMap(({ replaced }) => replaced ?? [])),
      group.objectNumbers.flat(),
    );
    const counts = countObjects(group.items, group.objectNumbers, inserted);
    await insertLedger(this.#connection, group.items, counts, runId, readerVersion);
    const data_version = await raiseDataVersion(this.#connection);
    await readBack(this.#connection, counts);
    await this.#connection.run('COMMIT');
    this.#entries.commit();
    this.#calls.commit();
    this.#database.refuseLost();
    this.#database.dataVersion = data_version;
    return counts;
  }

  /** A single object that cannot be stored is recorded as dead, with the reason. */
  async #bury(item: GroupItem, cause: unknown, runId: string): Promise<ObjectCounts[]> {
    const result = item.batch.objects[0]!;
    const buried: EventBatch['objects'][number] = {
      ...result,
      task_index: 0,
      status: 'dead',
      error_class: 'store_failed',
      error_detail: messageOf(cause).slice(0, 500),
      records_total: 0,
      non_kms: 0,
      foreign: 0,
      unread_bytes: 0,
      row_from: 0,
      row_to: 0,
      related_from: 0,
      related_to: 0,
    };
    const empty = sliceObject(item, result.task_index, { withoutRows: true });
    const grave = { ...empty, batch: { ...empty.batch, objects: [buried] } };
    const group: OpenGroup = { items: [grave], objectNumbers: [], failure: null };
    let counts: ObjectCounts[] = [];
    await this.#guarded(group, async () => {
      await this.#begin();
      group.objectNumbers.push(await this.#append(grave));
      counts = await this.#settle(group, runId);
    });
    if (group.failure) throw group.failure.cause;
    return counts;
  }

  async #transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.#connection.run('BEGIN');
    try {
      const result = await work();
      await this.#connection.run('COMMIT');
      return result;
    } catch (error) {
      refuseFatal(error);
      await this.#rollback();
      throw error;
    }
  }

  /** Afterwards what the transaction mapped is not stored, and which tuples and kinds are is unknown. */
  async #rollback(): Promise<void> {
    this.#dimensions.forget();
    this.#entries.rollback();
    this.#calls.rollback();
    this.#isRolledBack = true;
    await this.#connection.run('ROLLBACK').catch(() => undefined);
  }

  /** Runs a statement of another table in its own small transaction (runs, retries); no group is open. */
  async execute(sql: string, params: Record<string, string | number | null>): Promise<void> {
    await this.#transaction(() => this.#connection.run(sql, params));
  }
}
