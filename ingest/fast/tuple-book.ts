import { booleanColumn, textColumn } from '../../store/batch-encoder.ts';
import {
  dimensionColumns,
  type Column,
  type DimensionName,
  type Table,
} from '../../store/event-batch.ts';
import type { KmsEvent } from '../../store/relations.ts';

type Value = string | number | boolean | null;

/**
 * The distinct tuples of one dimension. A tuple keeps its number for as long as the book is not
 * cleared, so that others can remember it; in a batch it has a position, in the order of first use.
 */
export class TupleBook {
  readonly #columns: { name: string; type: string }[];
  readonly #numbers = new Map<string, number>();
  readonly #tuples: Value[][] = [];
  /** Position in the batch of each number, -1 for not used. */
  #positions = new Int32Array(1024).fill(-1);
  #used: number[] = [];

  constructor(dimension: DimensionName) {
    this.#columns = dimensionColumns(dimension);
  }

  get size(): number {
    return this.#tuples.length;
  }

  /** The number of the tuple in these fields of an event. */
  numberOf(event: Partial<KmsEvent>): number {
    const tuple = this.#columns.map((column) => event[column.name as keyof KmsEvent] as Value);
    const key = JSON.stringify(tuple);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#tuples.length;
      this.#numbers.set(key, number);
      this.#tuples.push(tuple);
      if (number >= this.#positions.length) {
        const larger = new Int32Array(this.#positions.length * 2).fill(-1);
        larger.set(this.#positions);
        this.#positions = larger;
      }
    }
    return number;
  }

  /** The position of a tuple in this batch. */
  use(number: number): number {
    const position = this.#positions[number]!;
    if (position >= 0) return position;
    this.#positions[number] = this.#used.length;
    return this.#used.push(number) - 1;
  }

  /** Positions start again; numbers stay. */
  startBatch(): void {
    for (const number of this.#used) this.#positions[number] = -1;
    this.#used = [];
  }

  /** Forgets all: numbers start again. */
  clear(): void {
    this.startBatch();
    this.#numbers.clear();
    this.#tuples.length = 0;
  }

  /** The dimension's table of this batch. */
  table(): Table {
    const columns: Record<string, Column> = {};
    this.#columns.forEach((column, i) => {
      const values = this.#used.map((number) => this.#tuples[number]![i]!);
      columns[column.name] =
        column.type === 'BOOLEAN'
          ? booleanColumn(values as (boolean | null)[])
          : textColumn(values as (string | null)[]);
    });
    return { rowCount: this.#used.length, columns };
  }
}
