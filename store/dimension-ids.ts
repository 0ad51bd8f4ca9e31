import type { DuckDBConnection } from '@duckdb/node-api';
import {
  dimensionIds,
  dimensionNames,
  type Column,
  type DimensionName,
  type Table,
} from './event-batch.ts';
import { pickRows } from './pick-rows.ts';

/** Entries of one dictionary before it is forgotten: bounds memory whatever the trail's size. */
const entries_max = 200_000;

/**
 * Gives each distinct tuple of a dimension its number. Forgetting is always safe: the same tuple then
 * gets another number and stands twice in its dimension, which readers cannot tell.
 */
export class DimensionIds {
  readonly #known: Record<DimensionName, Map<string, number>>;
  readonly #next: Record<DimensionName, number>;

  private constructor(next: Record<DimensionName, number>) {
    this.#next = next;
    this.#known = {
      calls: new Map(),
      identities: new Map(),
      clients: new Map(),
      keys: new Map(),
      actions: new Map(),
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
    if (known.size > entries_max) known.clear();
    const columns = Object.values(table.columns);
    for (let row = 0; row < table.rowCount; row++) {
      const key = skipLookup ? '' : tupleKey(columns, row);
      let id = skipLookup ? undefined : known.get(key);
      if (id === undefined) {
        id = this.#next[name]++;
        if (!skipLookup) known.set(key, id);
        rows.push(row);
      }
      ids[row] = id;
    }
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

/** All values of a row with their lengths, so that no two tuples read alike. */
function tupleKey(columns: readonly Column[], row: number): string {
  let key = '';
  for (const column of columns) {
    if (column.valid?.[row] === 0) key += '-';
    else if (column.kind === 'text') {
      const { bytes, offsets } = column;
      const text = Buffer.from(
        bytes.buffer,
        bytes.byteOffset + offsets[row]!,
        offsets[row + 1]! - offsets[row]!,
      ).toString('latin1');
      key += `${text.length}:${text}`;
    } else key += `${String((column.data as Uint8Array)[row])};`;
  }
  return key;
}
