import {
  BatchEncoder,
  type EncodedRows,
  type EventEncoder,
} from '../../store/batch/batch-encoder.ts';
import {
  dimensionIds,
  dimensionNames,
  type DimensionName,
  type RelatedEvent,
  type Table,
} from '../../store/batch/event-batch.ts';
import { joinTables } from '../../store/batch/join-tables.ts';
import type { KmsEvent } from '../../store/relations.ts';
import { sliceTable } from '../../store/batch/slice-object.ts';
import type { RowEncoder } from '../scanner/row-encoder.ts';

/** Rows that are in the batch: of `events` and of `related`. */
interface Part {
  events: Table;
  related: Table;
  /** Whether their positions are those of the batch's tuples, not of the tables still to be taken. */
  placed: boolean;
}

/**
 * A part costs as much as this many rows of the plain reader, in time and in memory; a few do not matter.
 */
const rows_per_part = 16;
const parts_free = 100;

/**
 * A batch as it grows: rows that the scanner encodes, and rows that come as events. It holds what
 * BatchEncoder would give, but that a tuple may stand twice.
 */
export class FastEncoder implements EventEncoder {
  readonly #scanner: RowEncoder;
  readonly #parts: Part[] = [];
  readonly #tables = Object.fromEntries(
    dimensionNames.map((name): [DimensionName, Table[]] => [name, []]),
  ) as Record<DimensionName, Table[]>;
  /** Rows of #tables. */
  readonly #tupleCounts = Object.fromEntries(dimensionNames.map((name) => [name, 0])) as Record<
    DimensionName,
    number
  >;
  /** Rows that came as events since the last row that the scanner encoded. */
  #plain = new BatchEncoder();
  #taken = 0;
  #relatedTaken = 0;

  /** Starts a batch. */
  constructor(scanner: RowEncoder) {
    this.#scanner = scanner;
    scanner.startBatch();
  }

  get rowCount(): number {
    return this.#taken + this.#plain.rowCount + this.#scanner.pending;
  }

  get relatedCount(): number {
    return this.#relatedTaken + this.#plain.relatedCount + this.#scanner.relatedPending;
  }

  /**
   * Whether encoded rows and rows that came as events took turns so often that reading plainly is cheaper:
   * who writes the log has a hand in that.
   */
  get isScattered(): boolean {
    return this.#parts.length > parts_free + (this.rowCount + this.relatedCount) / rows_per_part;
  }

  add(event: KmsEvent): void {
    this.takePending();
    this.#plain.add(event);
  }

  addRelated(event: RelatedEvent): void {
    this.takePending();
    this.#plain.addRelated(event);
  }

  /** The scanner may encode from now on: what came as events stands before it. */
  takeEvents(): void {
    if (this.#plain.rowCount + this.#plain.relatedCount === 0) return;
    const { dimensions, ...rows } = this.#plain.finish();
    this.#plain = new BatchEncoder();
    this.#place(dimensions, [this.#take(rows)]);
  }

  /** Takes the rows that wait in the scanner's memory. */
  takePending(): void {
    if (this.#scanner.pending + this.#scanner.relatedPending > 0) {
      this.#take(this.#scanner.takeRows());
    }
  }

  /** Takes all that refers to the scanner's tuples, so that these may be forgotten. */
  takeTuples(): void {
    this.takePending();
    const unplaced = this.#parts.filter(({ placed }) => !placed);
    this.#place(this.#scanner.takeTables(), unplaced);
    this.#scanner.startBatch();
  }

  /** Takes back the rows from these counts on. Tuples that only they used stay. */
  truncate(rowCount: number, relatedCount: number): void {
    if (rowCount < this.#taken || relatedCount < this.#relatedTaken) {
      this.takeEvents();
      this.takePending();
    }
    const kept = Math.max(0, rowCount - this.#taken);
    const relatedKept = Math.max(0, relatedCount - this.#relatedTaken);
    if (this.#plain.rowCount + this.#plain.relatedCount > 0)
      this.#plain.truncate(kept, relatedKept);
    else this.#scanner.keepPending(kept, relatedKept);
    this.#taken = cut(this.#parts, 'events', Math.min(this.#taken, rowCount));
    this.#relatedTaken = cut(this.#parts, 'related', Math.min(this.#relatedTaken, relatedCount));
  }

  finish(): EncodedRows {
    this.takeEvents();
    if (this.#parts.length === 0) this.#take(this.#scanner.takeRows());
    this.takeTuples();
    return {
      events: joinTables(this.#parts.map(({ events }) => events)),
      related: joinTables(this.#parts.map(({ related }) => related)),
      dimensions: Object.fromEntries(
        dimensionNames.map((name) => [name, joinTables(this.#tables[name])]),
      ) as Record<DimensionName, Table>,
    };
  }

  #take({ events, related }: { events: Table; related: Table }): Part {
    const part: Part = { events, related, placed: false };
    this.#parts.push(part);
    this.#taken += events.rowCount;
    this.#relatedTaken += related.rowCount;
    return part;
  }

  /** Puts tables behind those before, and moves the positions of the rows that refer to them. */
  #place(tables: Record<DimensionName, Table>, parts: readonly Part[]): void {
    for (const name of dimensionNames) {
      const before = this.#tupleCounts[name];
      this.#tables[name].push(tables[name]);
      this.#tupleCounts[name] += tables[name].rowCount;
      if (before === 0) continue;
      for (const { events, related } of parts) {
        const { columns } = name === 'actions' ? related : events;
        const { data } = columns[dimensionIds[name]] as { data: Int32Array };
        for (let row = 0; row < data.length; row++) data[row]! += before;
      }
    }
    for (const part of parts) part.placed = true;
  }
}

/** Keeps the first rows of all parts together; their number. */
function cut(parts: readonly Part[], table: 'events' | 'related', rows: number): number {
  let before = 0;
  for (const part of parts) {
    const count = Math.min(part[table].rowCount, rows - before);
    if (count < part[table].rowCount) part[table] = sliceTable(part[table], 0, count);
    before += count;
  }
  return rows;
}
