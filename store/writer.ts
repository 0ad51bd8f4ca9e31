import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../core/errors.ts';
import { addCallSeconds, foldCallSeconds, isFolded } from './call-seconds.ts';
import { appendColumns, ordered } from './chunk-append.ts';
import { countObjects, type FreshCounts } from './count-objects.ts';
import type { Database } from './database.ts';
import { DimensionIds, remapped } from './dimension-ids.ts';
import {
  batchEventColumns,
  dimensionColumns,
  dimensionIds,
  dimensionNames,
  type Column,
  type EventBatch,
} from './event-batch.ts';
import { refuseFatal } from './fatal.ts';
import { initialCounted } from './initial-counted.ts';
import { ledgerColumns, ledgerTable, rejectColumns, relatedColumns } from './ledger-columns.ts';
import type { LedgerObject, ObjectCounts } from './ledger.ts';
import { sliceObject } from './slice-object.ts';
import { settleSharedActions } from './shared-actions.ts';

/** A batch and the ledger entry of each of its objects (by task_index). */
export interface GroupItem {
  batch: EventBatch;
  objects: readonly LedgerObject[];
}

/** Raise when readers give other values for the same bytes: old dead objects are then read again. */
export const readerVersion = 1;

/**
 * The one writer. Rows, per-second counts and ledger entries of a group of objects are stored in one
 * transaction; any error rolls it back, and the objects are then tried one by one so that a poisonous
 * one cannot take others with it.
 */
export class Writer {
  readonly #connection: DuckDBConnection;
  readonly #dimensions: DimensionIds;
  #nextObject: number;

  private constructor(connection: DuckDBConnection, dimensions: DimensionIds, nextObject: number) {
    this.#connection = connection;
    this.#dimensions = dimensions;
    this.#nextObject = nextObject;
  }

  static async open(database: Database): Promise<Writer> {
    const connection = await database.connect();
    await connection.run(
      'CREATE OR REPLACE TEMP TABLE staged AS SELECT *, 0 AS staged_no FROM events LIMIT 0',
    );
    await connection.run(
      'CREATE OR REPLACE TEMP TABLE staged_objects AS SELECT * FROM ingest_objects LIMIT 0',
    );
    const dimensions = await DimensionIds.load(connection);
    const last = await connection.runAndReadAll(
      'SELECT coalesce(max(object_no), -1) FROM ingest_objects',
    );
    return new Writer(connection, dimensions, Number(last.getRows()[0]![0]) + 1);
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

  /** Folds call_seconds so that each key stands once; readers may then skip the GROUP BY. */
  async fold(): Promise<void> {
    if (await isFolded(this.#connection)) return;
    await this.#transaction(() => foldCallSeconds(this.#connection));
    await this.#connection.run('CHECKPOINT');
  }

  async #commitTogether(group: readonly GroupItem[], runId: string): Promise<ObjectCounts[]> {
    return this.#transaction(async () => {
      await this.#connection.run('DELETE FROM staged');
      await this.#connection.run('DELETE FROM staged_objects');
      const span = { min: null as bigint | null, max: null as bigint | null, shared: false };
      const objectNumbers: number[][] = [];
      let staged = 0;
      for (const item of group) {
        const numbers = item.batch.objects.map(
          (result) => item.objects[result.task_index]!.object_no ?? this.#nextObject++,
        );
        objectNumbers.push(numbers);
        staged = await this.#stage(item, numbers, staged, span);
      }
      const inserted = await this.#insertFresh(staged, span);
      const counts = countObjects(group, objectNumbers, inserted);
      await this.#insertLedger(group, counts, runId);
      await this.#connection.run(
        "UPDATE store_state SET value = CAST(CAST(value AS BIGINT) + 1 AS VARCHAR) WHERE name = 'data_version'",
      );
      await this.#readBack(counts);
      return counts;
    });
  }

  async #stage(
    item: GroupItem,
    objectNumbers: readonly number[],
    stagedBefore: number,
    span: { min: bigint | null; max: bigint | null; shared: boolean },
  ): Promise<number> {
    const { events, dimensions } = item.batch;
    const rows = events.rowCount;
    if (rows === 0) return stagedBefore;
    const globalIds = {} as Record<(typeof dimensionNames)[number], Int32Array>;
    for (const name of dimensionNames) {
      const { ids, fresh } = this.#dimensions.resolve(name, dimensions[name], rows);
      globalIds[name] = ids;
      const columns = ordered(fresh, [
        dimensionIds[name],
        ...dimensionColumns(name).map((column) => column.name),
      ]);
      await appendColumns(this.#connection, name, columns, fresh.rowCount);
    }
    const times = (events.columns['event_time'] as { data: BigInt64Array }).data;
    for (let row = 0; row < rows; row++) {
      const time = times[row]!;
      if (span.min === null || time < span.min) span.min = time;
      if (span.max === null || time > span.max) span.max = time;
    }
    const columns: Column[] = [];
    for (const name of batchEventColumns) {
      const dimension = dimensionNames.find((d) => dimensionIds[d] === name);
      const column = events.columns[name]!;
      columns.push(
        dimension ? remapped(column as { data: Int32Array }, globalIds[dimension]) : column,
      );
    }
    const recordIndex = columns.pop()!;
    const { counted, shared } = initialCounted(item.batch);
    span.shared ||= shared;
    const objectNo = new Int32Array(rows);
    item.batch.objects.forEach((result, i) =>
      objectNo.fill(objectNumbers[i]!, result.row_from, result.row_to),
    );
    columns.push({ kind: 'boolean', data: counted }, { kind: 'integer', data: objectNo });
    columns.push(recordIndex);
    const stagedNo = Int32Array.from({ length: rows }, (_, row) => stagedBefore + row);
    columns.push({ kind: 'integer', data: stagedNo });
    await appendColumns(this.#connection, 'staged', columns, rows, 'temp');
    return stagedBefore + rows;
  }

  /** Moves staged rows that are not stored yet into events; returns what went in, by object. */
  async #insertFresh(
    staged: number,
    span: { min: bigint | null; max: bigint | null; shared: boolean },
  ): Promise<FreshCounts> {
    const counts: FreshCounts = { inserted: new Map(), conflict: new Map() };
    if (staged === 0) return counts;
    const connection = this.#connection;
    const range = `make_timestamp(${span.min}) AND make_timestamp(${span.max})`;
    await connection.run(`
      CREATE OR REPLACE TEMP TABLE fresh AS
      SELECT s.* FROM staged AS s
      JOIN (SELECT min(staged_no) AS staged_no FROM staged GROUP BY event_id_uuid, event_time) AS f
        ON f.staged_no = s.staged_no
      ANTI JOIN (SELECT event_id_uuid, event_time FROM events WHERE event_time BETWEEN ${range}) AS e
        ON e.event_id_uuid = s.event_id_uuid AND e.event_time = s.event_time`);
    if (span.shared) await settleSharedActions(connection);
    const perObject = await connection.runAndReadAll(
      'SELECT object_no, count(*) FROM fresh GROUP BY object_no',
    );
    let inserted = 0;
    for (const [object, count] of perObject.getRows()) {
      counts.inserted.set(Number(object), Number(count));
      inserted += Number(count);
    }
    if (inserted < staged) {
      const conflicts = await connection.runAndReadAll(`
        SELECT s.object_no, count(*) FROM staged AS s
        JOIN (SELECT event_id_uuid, event_time, request_id_uuid FROM events WHERE event_time BETWEEN ${range}
              UNION ALL SELECT event_id_uuid, event_time, request_id_uuid FROM fresh) AS e
          ON e.event_id_uuid = s.event_id_uuid AND e.event_time = s.event_time
        WHERE s.request_id_uuid IS DISTINCT FROM e.request_id_uuid
        GROUP BY s.object_no`);
      for (const [object, count] of conflicts.getRows()) {
        counts.conflict.set(Number(object), Number(count));
      }
    }
    await connection.run('INSERT INTO events SELECT * EXCLUDE (staged_no) FROM fresh');
    await addCallSeconds(connection, 'fresh', 1);
    return counts;
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
    const related = relatedColumns(group, counts);
    await appendColumns(connection, 'related_events', related.columns, related.rowCount);
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
