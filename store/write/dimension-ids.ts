import type { DuckDBConnection } from '@duckdb/node-api';
import {
  dimensionIds,
  dimensionNames,
  type Column,
  type DimensionName,
  type Table,
} from '../batch/event-batch.ts';
import { pickRows } from '../batch/pick-rows.ts';
import { TupleDictionary } from './tuple-dictionary.ts';

/**
 * Gives each distinct tuple of a dimension its number. Forgetting is always safe: the same tuple then
 * gets another number and stands twice in its dimension, which readers cannot tell.
 */
export class DimensionIds {
  readonly #known: Record<DimensionName, TupleDictionary>;
  readonly #next: Record<DimensionName, number>;

  private constructor(next: Record<DimensionName, number>) {
    this.#next = next;
    this.#known = {
      calls: new TupleDictionary(),
      identities: new TupleDictionary(),
      clients: new TupleDictionary(),
      keys: new TupleDictionary(),
      actions: new TupleDictionary(),
    };
  }

  static async load(connection: DuckDBConnection): Promise<DimensionIds> {
    const next = {} as Record<DimensionName, number>;
    for (const name of dimensionNames) {
      const last = await connection.runAndReadAll(
        `SELECT coalesce(max(${dimensionIds[name]}), -1) FROM ${name}`,
      );
      next[name] = Number(last.getRows()[0]![0]) + 1;
    }
    return new DimensionIds(next);
  }

  /** After a rollback the stored tuples are unknown. */
  forget(): void {
    for (const name of dimensionNames) this.#known[name].clear();
  }

  /**
   * Numbers for the batch's tuples, and the tuples to append. A dimension with nearly a tuple a row
   * is appended as it is: looking it up would cost more than it saves.
   */
  resolve(
    name: DimensionName,
    table: Table,
    rowsOfBatch: number,
  ): { ids: Int32Array; fresh: Table } {
    const ids = new Int32Array(table.rowCount);
    const rows: number[] = [];
    const skipLookup = table.rowCount > 1_000 && table.rowCount > rowsOfBatch / 2;
    const known = this.#known[name];
    if (known.isFull) known.clear();
    // A tuple is what rules say of its facts: where all rows have them, these alone are compared.
    const facts = table.columns['facts'];
    const columns = facts && !facts.valid ? [facts] : Object.values(table.columns);
    let next = this.#next[name];
    for (let row = 0; row < table.rowCount; row++) {
      const id = skipLookup ? next : known.numberOf(columns, row, next);
      if (id === next) {
        next++;
        rows.push(row);
      }
      ids[row] = id;
    }
    this.#next[name] = next;
    const fresh = rows.length === table.rowCount ? table : pickRows(table, Int32Array.from(rows));
    const numbers = Int32Array.from(rows, (row) => ids[row]!);
    return {
      ids,
      fresh: {
        rowCount: rows.length,
        columns: { ...fresh.columns, [dimensionIds[name]]: { kind: 'integer', data: numbers } },
      },
    };
  }
}

/** A column of positions in the batch's dimension as numbers of the store's. */
export function remapped(column: { data: Int32Array }, ids: Int32Array): Column {
  const data = new Int32Array(column.data.length);
  for (let row = 0; row < data.length; row++) data[row] = ids[column.data[row]!]!;
  return { kind: 'integer', data };
}
