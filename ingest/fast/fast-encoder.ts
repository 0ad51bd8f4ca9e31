import { BatchEncoder, type EncodedRows, type EventEncoder } from '../../store/batch-encoder.ts';
import {
  dimensionIds,
  eventDimensions,
  type DimensionName,
  type RelatedEvent,
  type Table,
} from '../../store/event-batch.ts';
import { joinTables } from '../../store/join-tables.ts';
import type { KmsEvent } from '../../store/relations.ts';
import { sliceTable } from '../../store/slice-object.ts';
import type { EventDimension } from '../scanner/encoded-columns.ts';
import type { RowEncoder } from '../scanner/row-encoder.ts';
import { RelatedEncoder } from './related-encoder.ts';
import type { TupleBook } from './tuple-book.ts';

/**
 * A batch as it grows: rows that the scanner encodes, and rows that come as events. It holds what
 * BatchEncoder would give, but that a tuple may stand twice.
 */
export class FastEncoder implements EventEncoder {
  readonly related: RelatedEncoder;
  readonly #rows: RowEncoder;
  readonly #actions: TupleBook;
  readonly #taken: TakenRows[] = [];
  readonly #tables: Record<EventDimension, Table[]> = {
    calls: [],
    identities: [],
    clients: [],
    keys: [],
  };
  /** Rows that came as events since the last row that the scanner encoded. */
  #events = new BatchEncoder();
  #takenRows = 0;

  /** Starts a batch. */
  constructor(rows: RowEncoder, actions: TupleBook) {
    this.#rows = rows;
    this.#actions = actions;
    rows.startBatch();
    actions.startBatch();
    this.related = new RelatedEncoder(actions);
  }

  get rowCount(): number {
    return this.#takenRows + this.#events.rowCount + this.#rows.pending;
  }

  get relatedCount(): number {
    return this.related.rowCount;
  }

  add(event: KmsEvent): void {
    this.takePending();
    this.#events.add(event);
  }

  addRelated(event: RelatedEvent): void {
    this.related.add(event);
  }

  /** The scanner may encode from now on: what came as events stands before it. */
  takeEvents(): void {
    if (this.#events.rowCount === 0) return;
    const { events, dimensions } = this.#events.finish();
    this.#events = new BatchEncoder();
    const taken = this.#take(events);
    this.#place(dimensions, [taken]);
  }

  /** Takes the rows that wait in the scanner's memory. */
  takePending(): void {
    if (this.#rows.pending > 0) this.#take(this.#rows.takeRows());
  }

  /** Takes all that refers to the scanner's tuples, so that these may be forgotten. */
  takeTuples(): void {
    this.takePending();
    this.#settle();
  }

  /** Takes back the rows from these counts on. Tuples that only they used stay. */
  truncate(rowCount: number, relatedCount: number): void {
    this.related.truncate(relatedCount);
    if (rowCount >= this.#takenRows) {
      const kept = rowCount - this.#takenRows;
      if (this.#rows.pending > 0) this.#rows.keepPending(kept);
      else this.#events.truncate(kept, 0);
      return;
    }
    this.#rows.keepPending(0);
    this.#events.truncate(0, 0);
    while (this.#takenRows > rowCount) {
      const last = this.#taken.at(-1)!;
      const from = this.#takenRows - last.rows.rowCount;
      if (from >= rowCount) this.#taken.pop();
      else last.rows = sliceTable(last.rows, 0, rowCount - from);
      this.#takenRows = Math.max(from, rowCount);
    }
  }

  finish(): EncodedRows {
    this.takeEvents();
    if (this.#taken.length === 0) this.#take(this.#rows.takeRows());
    this.takeTuples();
    const dimensions = {
      ...Object.fromEntries(eventDimensions.map((name) => [name, joinTables(this.#tables[name])])),
      actions: this.#actions.table(),
    } as Record<DimensionName, Table>;
    const events = joinTables(this.#taken.map(({ rows }) => rows));
    return { events, related: this.related.finish(), dimensions };
  }

  #take(rows: Table): TakenRows {
    const taken: TakenRows = { rows, placed: false };
    this.#taken.push(taken);
    this.#takenRows += rows.rowCount;
    return taken;
  }

  /** Takes the tuples of the scanner's rows: their positions start again. */
  #settle(): void {
    const unplaced = this.#taken.filter(({ placed }) => !placed);
    this.#place(this.#rows.takeTables(), unplaced);
    this.#rows.startBatch();
  }

  /** Puts tables behind those before, and moves the positions of the rows that refer to them. */
  #place(tables: Record<EventDimension, Table>, taken: readonly TakenRows[]): void {
    for (const name of eventDimensions) {
      const before = this.#tables[name].reduce((sum, table) => sum + table.rowCount, 0);
      this.#tables[name].push(tables[name]);
      if (before === 0) continue;
      for (const { rows } of taken) {
        const { data } = rows.columns[dimensionIds[name]] as { data: Int32Array };
        for (let row = 0; row < data.length; row++) data[row]! += before;
      }
    }
    for (const rows of taken) rows.placed = true;
  }
}

/** Rows that are in the batch. */
interface TakenRows {
  rows: Table;
  /** Whether their positions are those of the batch's tuples, not of the tables still to be taken. */
  placed: boolean;
}
