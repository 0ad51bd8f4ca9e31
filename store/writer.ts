import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../core/errors.ts';
import { foldCallSeconds, isFolded } from './call-seconds.ts';
import { appendColumns, ordered } from './chunk-append.ts';
import { countObjects } from './count-objects.ts';
import { raiseDataVersion } from './data-version.ts';
import type { Database } from './database.ts';
import { DimensionIds, remapped } from './dimension-ids.ts';
import {
  batchRelatedColumns,
  dimensionColumns,
  dimensionIds,
  dimensionNames,
  type DimensionName,
  type EventBatch,
} from './event-batch.ts';
import { refuseFatal } from './fatal.ts';
import { ledgerColumns, ledgerTable, rejectColumns } from './ledger-columns.ts';
import { readerVersion, type LedgerObject, type ObjectCounts } from './ledger.ts';
import { sliceObject } from './slice-object.ts';
import { Staging } from './staging.ts';

/** A batch and the ledger entry of each of its objects (by task_index). */
export interface GroupItem {
  batch: EventBatch;
  objects: readonly LedgerObject[];
}

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
  #nextObject: number;

  private constructor(
    database: Database,
    connection: DuckDBConnection,
    dimensions: DimensionIds,
    staging: Staging,
    nextObject: number,
  ) {
    this.#database = database;
    this.#connection = connection;
    this.#staging = staging;
    this.#dimensions = dimensions;
    this.#nextObject = nextObject;
  }

  static async open(database: Database): Promise<Writer> {
    const connection = await database.connect();
    await connection.run(
      'CREATE OR REPLACE TEMP TABLE staged_objects AS SELECT * FROM ingest_objects LIMIT 0',
    );
    const dimensions = await DimensionIds.load(connection);
    const last = await connection.runAndReadAll(
      'SELECT coalesce(max(object_no), -1) FROM ingest_objects',
    );
    const staging = await Staging.open(connection);
    return new Writer(database, connection, dimensions, staging, Number(last.getRows()[0]![0]) + 1);
  }

  close(): void {
    this.#connection.closeSync();
  }

  /**
   * Stores a group; resolves with the counts of each object once the transaction is durable.
   * Throws KeymeterError `database_fatal` when DuckDB can no longer be used (disk full): what was
   * acknowledged before stays, the next run goes on.
   */
  async commit(group: readonly GroupItem[], runId: string): Promise<ObjectCounts[]> {
    try {
      return await this.#commitTogether(group, runId);
    } catch (error) {
      refuseFatal(error);
      const single = group.flatMap((item) =>
        item.batch.objects.map((result) => sliceObject(item, result.task_index)),
      );
      if (single.length === 1) return [await this.#bury(single[0]!, error, runId)];
      const counts: ObjectCounts[] = [];
      for (const item of single) counts.push(...(await this.commit([item], runId)));
      return counts;
    }
  }

  /**
   * Folds call_seconds so that each key stands once; readers may then skip the GROUP BY. False when
   * nothing was stored since the last time.
   */
  async fold(): Promise<boolean> {
    if (await isFolded(this.#connection)) return false;
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

  async #commitTogether(group: readonly GroupItem[], runId: string): Promise<ObjectCounts[]> {
    const { counts, data_version } = await this.#transaction(async () => {
      await this.#staging.clear();
      await this.#connection.run('DELETE FROM staged_objects');
      const objectNumbers: number[][] = [];
      for (const item of group) {
        const numbers = item.batch.objects.map(
          (result) => item.objects[result.task_index]!.object_no ?? this.#nextObject++,
        );
        objectNumbers.push(numbers);
        const ids = await this.#appendDimensions(item.batch);
        await this.#staging.add(item.batch, numbers, ids);
        await this.#appendRelated(item.batch, numbers, ids.actions);
      }
      const inserted = await this.#staging.settle();
      const counts = countObjects(group, objectNumbers, inserted);
      await this.#insertLedger(group, counts, runId);
      const data_version = await raiseDataVersion(this.#connection);
      await this.#readBack(counts);
      return { counts, data_version };
    });
    this.#database.dataVersion = data_version;
    return counts;
  }

  /** Appends the batch's new dimension tuples; gives the numbers of all of them. */
  async #appendDimensions(batch: EventBatch): Promise<Record<DimensionName, Int32Array>> {
    const numbers = {} as Record<DimensionName, Int32Array>;
    for (const name of dimensionNames) {
      const { ids, fresh } = this.#dimensions.resolve(
        name,
        batch.dimensions[name],
        name === 'actions' ? batch.related.rowCount : batch.events.rowCount,
      );
      numbers[name] = ids;
      const columns = ordered(fresh, [
        dimensionIds[name],
        ...dimensionColumns(name).map((column) => column.name),
      ]);
      await appendColumns(this.#connection, name, columns, fresh.rowCount);
    }
    return numbers;
  }

  async #appendRelated(
    batch: EventBatch,
    objectNumbers: readonly number[],
    actions: Int32Array,
  ): Promise<void> {
    const { rowCount, columns } = batch.related;
    if (rowCount === 0) return;
    const object_no = new Int32Array(rowCount);
    batch.objects.forEach((result, i) =>
      object_no.fill(objectNumbers[i]!, result.related_from, result.related_to),
    );
    const named = {
      ...columns,
      action_no: remapped(columns['action_no'] as { data: Int32Array }, actions),
      object_no: { kind: 'integer' as const, data: object_no },
    };
    const table = { rowCount, columns: named };
    const inOrder = ordered(table, [...batchRelatedColumns, 'object_no']);
    await appendColumns(this.#connection, 'related', inOrder, rowCount);
  }

  async #insertLedger(
    group: readonly GroupItem[],
    counts: readonly ObjectCounts[],
    runId: string,
  ): Promise<void> {
    const connection = this.#connection;
    const table = ledgerTable(group, counts, runId, readerVersion);
    await appendColumns(
      connection,
      'staged_objects',
      ordered(table, ledgerColumns),
      table.rowCount,
      'temp',
    );
    await connection.run('INSERT OR REPLACE INTO ingest_objects SELECT * FROM staged_objects');
    const rejects = rejectColumns(group, counts);
    await appendColumns(connection, 'ingest_rejects', rejects.columns, rejects.rowCount);
    await connection.run(
      'DELETE FROM ingest_retries WHERE object_id IN (SELECT object_id FROM staged_objects)',
    );
  }

  /** The last statement before COMMIT reads the ledger: it throws if the transaction is aborted. */
  async #readBack(counts: readonly ObjectCounts[]): Promise<void> {
    const last = counts.at(-1);
    if (!last) return;
    const found = await this.#connection.runAndReadAll(
      'SELECT count(*) FROM ingest_objects WHERE object_id = CAST($id AS UUID)',
      { id: last.object_id },
    );
    if (Number(found.getRows()[0]?.[0]) !== 1) throw new Error('the ledger row did not read back');
  }

  /** A single object that cannot be stored is recorded as dead, with the reason. */
  async #bury(item: GroupItem, cause: unknown, runId: string): Promise<ObjectCounts> {
    const result = item.batch.objects[0]!;
    const buried: EventBatch['objects'][number] = {
      ...result,
      status: 'dead',
      error_class: 'store_failed',
      error_detail: messageOf(cause).slice(0, 500),
      records_total: 0,
      non_kms: 0,
      row_from: 0,
      row_to: 0,
      related_from: 0,
      related_to: 0,
    };
    const empty = sliceObject(item, result.task_index, { withoutRows: true });
    const counts = await this.#commitTogether(
      [{ ...empty, batch: { ...empty.batch, objects: [{ ...buried, task_index: 0 }] } }],
      runId,
    );
    return counts[0]!;
  }

  async #transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.#connection.run('BEGIN');
    try {
      const result = await work();
      await this.#connection.run('COMMIT');
      return result;
    } catch (error) {
      this.#dimensions.forget();
      refuseFatal(error);
      await this.#connection.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  /** Runs a statement of another table in its own small transaction (runs, retries). */
  async execute(sql: string, params: Record<string, string | number | null>): Promise<void> {
    await this.#transaction(() => this.#connection.run(sql, params));
  }
}
