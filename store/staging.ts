import type { DuckDBConnection } from '@duckdb/node-api';
import { addCallSeconds } from './call-seconds.ts';
import { appendColumns } from './chunk-append.ts';
import type { FreshCounts } from './count-objects.ts';
import { remapped } from './dimension-ids.ts';
import {
  batchEventColumns,
  dimensionIds,
  eventDimensions,
  type Column,
  type DimensionName,
  type EventBatch,
} from './event-batch.ts';
import { initialCounted } from './initial-counted.ts';
import { pickColumn } from './pick-rows.ts';
import { settleSharedActions } from './shared-actions.ts';

/** Columns of `events`, in the order of its table. */
const eventColumns = [
  ...batchEventColumns.filter((name) => name !== 'record_index'),
  'counted',
  'object_no',
  'record_index',
];

/** What decides whether a row is new and counts: the rest of a row waits here, not in the database. */
const stagedColumns = [
  'event_id_uuid',
  'event_id_text',
  'event_time',
  'shared_event_id_uuid',
  'request_id_uuid',
  'call_no',
  'identity_no',
  'key_no',
  'counted',
  'object_no',
];

/** Rows of a batch that wait for their decision. */
interface Part {
  staged_from: number;
  rows: number;
  columns: Map<string, Column>;
}

/**
 * The rows of one group on their way into `events`. Only the few columns that decide are staged in a
 * temporary table; rows that are stored already are left out, and the others are appended straight
 * from the batches.
 */
export class Staging {
  readonly #connection: DuckDBConnection;
  #parts: Part[] = [];
  #staged = 0;
  #time_min: bigint | null = null;
  #time_max: bigint | null = null;
  #hasShared = false;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  static async open(connection: DuckDBConnection): Promise<Staging> {
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE staged AS SELECT ${stagedColumns.join(', ')}, 0 AS staged_no FROM events LIMIT 0`,
    );
    return new Staging(connection);
  }

  async clear(): Promise<void> {
    this.#parts = [];
    this.#staged = 0;
    this.#time_min = this.#time_max = null;
    this.#hasShared = false;
    await this.#connection.run('DELETE FROM staged');
  }

  /** Stages a batch whose dimension tuples have the numbers `ids` in the store. */
  async add(
    batch: EventBatch,
    objectNumbers: readonly number[],
    ids: Readonly<Record<DimensionName, Int32Array>>,
  ): Promise<void> {
    const rows = batch.events.rowCount;
    if (rows === 0) return;
    const columns = new Map(Object.entries(batch.events.columns));
    for (const name of eventDimensions) {
      const column = columns.get(dimensionIds[name]) as { data: Int32Array };
      columns.set(dimensionIds[name], remapped(column, ids[name]));
    }
    const { counted, shared } = initialCounted(batch);
    const objectNo = new Int32Array(rows);
    batch.objects.forEach((result, i) =>
      objectNo.fill(objectNumbers[i]!, result.row_from, result.row_to),
    );
    columns.set('counted', { kind: 'boolean', data: counted });
    columns.set('object_no', { kind: 'integer', data: objectNo });
    const part: Part = { staged_from: this.#staged, rows, columns };
    this.#parts.push(part);
    this.#staged += rows;
    this.#hasShared ||= shared;
    this.#spanTimes((columns.get('event_time') as { data: BigInt64Array }).data);
    const numbers = Int32Array.from({ length: rows }, (_, row) => part.staged_from + row);
    const staged = [
      ...inOrder(columns, stagedColumns),
      { kind: 'integer' as const, data: numbers },
    ];
    await appendColumns(this.#connection, 'staged', staged, rows, 'temp');
  }

  /** Decides, appends what is new to events and its per-second counts. */
  async settle(): Promise<FreshCounts> {
    const counts: FreshCounts = { inserted: new Map(), conflict: new Map() };
    if (this.#staged === 0) return counts;
    const connection = this.#connection;
    const stored = `SELECT event_id_uuid, event_time, request_id_uuid FROM events
      WHERE event_time BETWEEN make_timestamp(${this.#time_min}) AND make_timestamp(${this.#time_max})`;
    await connection.run(`
      CREATE OR REPLACE TEMP TABLE fresh AS
      SELECT s.* FROM staged AS s
      JOIN (SELECT min(staged_no) AS staged_no FROM staged GROUP BY event_id_uuid, event_time) AS f
        ON f.staged_no = s.staged_no
      ANTI JOIN (${stored}) AS e
        ON e.event_id_uuid = s.event_id_uuid AND e.event_time = s.event_time`);
    if (this.#hasShared) await settleSharedActions(connection);
    const inserted = await this.#countInto(
      counts.inserted,
      'SELECT object_no, count(*) FROM fresh GROUP BY object_no',
    );
    if (inserted < this.#staged) {
      await this.#countInto(
        counts.conflict,
        `SELECT s.object_no, count(*) FROM staged AS s
         JOIN (${stored} UNION ALL SELECT event_id_uuid, event_time, request_id_uuid FROM fresh) AS e
           ON e.event_id_uuid = s.event_id_uuid AND e.event_time = s.event_time
         WHERE s.request_id_uuid IS DISTINCT FROM e.request_id_uuid
         GROUP BY s.object_no`,
      );
    }
    await this.#appendFresh(inserted);
    await addCallSeconds(connection, 'fresh', 1);
    return counts;
  }

  async #appendFresh(inserted: number): Promise<void> {
    const all = inserted === this.#staged && !this.#hasShared;
    const fresh = all ? null : await this.#freshRows();
    for (const part of this.#parts) {
      const columns = fresh ? pickFresh(part, fresh) : part.columns;
      const rows = (columns.get('object_no') as { data: Int32Array }).data.length;
      await appendColumns(this.#connection, 'events', inOrder(columns, eventColumns), rows);
    }
  }

  /** By staged_no: 0 for rows that are not new, 1 for new rows, 2 for new rows that count. */
  async #freshRows(): Promise<Uint8Array> {
    const fresh = new Uint8Array(this.#staged);
    const result = await this.#connection.stream('SELECT staged_no, counted FROM fresh');
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) return fresh;
      const [numbers, counted] = chunk.getColumns();
      numbers!.forEach((number, i) => (fresh[Number(number)] = counted![i] === true ? 2 : 1));
    }
  }

  async #countInto(counts: Map<number, number>, sql: string): Promise<number> {
    const result = await this.#connection.runAndReadAll(sql);
    let sum = 0;
    for (const [object, count] of result.getRows()) {
      counts.set(Number(object), Number(count));
      sum += Number(count);
    }
    return sum;
  }

  #spanTimes(times: BigInt64Array): void {
    let least = times[0]!;
    let most = least;
    for (const time of times) {
      if (time < least) least = time;
      else if (time > most) most = time;
    }
    if (this.#time_min === null || least < this.#time_min) this.#time_min = least;
    if (this.#time_max === null || most > this.#time_max) this.#time_max = most;
  }
}

/** The new rows of a part, with `counted` as decided. */
function pickFresh(part: Part, fresh: Uint8Array): Map<string, Column> {
  const rows: number[] = [];
  for (let row = 0; row < part.rows; row++) if (fresh[part.staged_from + row] !== 0) rows.push(row);
  const picked = Int32Array.from(rows);
  const columns = new Map<string, Column>();
  for (const [name, column] of part.columns) columns.set(name, pickColumn(column, picked));
  const counted = Uint8Array.from(rows, (row) => (fresh[part.staged_from + row] === 2 ? 1 : 0));
  return columns.set('counted', { kind: 'boolean', data: counted });
}

function inOrder(columns: ReadonlyMap<string, Column>, names: readonly string[]): Column[] {
  return names.map((name) => {
    const column = columns.get(name);
    if (!column) throw new Error(`batch has no column ${name}`);
    return column;
  });
}
