import type { DuckDBConnection } from '@duckdb/node-api';
import {
  byDimension,
  dimensionColumns,
  dimensionIds,
  dimensionNames,
  type Column,
  type DictionaryDelta,
  type DimensionName,
  type Table,
} from '../batch/event-batch.ts';
import type { CallCounts } from './call-counts.ts';
import { appendColumns, ordered } from './chunk-append.ts';
import type { DimensionIds } from './dimension-ids.ts';
import type { MappedDictionary, MappedEntries } from './mapped-entries.ts';

/** Dictionaries that are remembered at most: those of each worker, before and after it forgot. */
const dictionariesMax = 256;

/** Maps each entry of the readers' dictionaries once, and appends those that the store lacks. */
export class StoredEntries {
  readonly #connection: DuckDBConnection;
  readonly #ids: DimensionIds;
  readonly #calls: CallCounts;
  readonly #dictionaries = new Map<string, MappedDictionary>();

  constructor(connection: DuckDBConnection, ids: DimensionIds, calls: CallCounts) {
    this.#connection = connection;
    this.#ids = ids;
    this.#calls = calls;
  }

  /** The mapped entries of a dictionary. */
  of(dictionary: string): MappedDictionary {
    const mapped = this.#dictionaries.get(dictionary) ?? byDimension(() => emptyEntries());
    // The one that was not used for longest is the first.
    this.#dictionaries.delete(dictionary);
    this.#dictionaries.set(dictionary, mapped);
    if (this.#dictionaries.size > dictionariesMax) {
      this.#dictionaries.delete(this.#dictionaries.keys().next().value!);
    }
    return mapped;
  }

  /** Maps the entries of a delta, as part of the open transaction; what is mapped already is left. */
  async take({ dictionary, from, tables }: DictionaryDelta, rows: number): Promise<void> {
    const mapped = this.of(dictionary);
    for (const name of dimensionNames) {
      const entries = mapped[name];
      const table = tables[name];
      if (from[name] + table.rowCount <= entries.count) continue;
      if (from[name] !== entries.count) {
        throw new Error(`entries of ${name} are missing: ${entries.count}, not ${from[name]}`);
      }
      await this.#map(name, entries, table, rows);
    }
  }

  async #map(
    name: DimensionName,
    entries: MappedEntries,
    table: Table,
    rows: number,
  ): Promise<void> {
    const { ids, fresh } = this.#ids.resolve(name, table, rows);
    const columns = [dimensionIds[name], ...dimensionColumns(name).map((column) => column.name)];
    await appendColumns(this.#connection, name, ordered(fresh, columns), fresh.rowCount);
    const count = entries.count + table.rowCount;
    if (count > entries.numbers.length) grow(entries, 2 * count);
    entries.numbers.set(ids, entries.count);
    if (name !== 'clients' && name !== 'actions') {
      entries.classes.set(this.#calls.classesOf(name, table, ids), entries.count);
    }
    if (name === 'calls') entries.apiCalls.set(apiCallsOf(table), entries.count);
    entries.count = count;
  }

  /** The transaction is committed. */
  commit(): void {
    for (const mapped of this.#dictionaries.values()) {
      for (const entries of Object.values(mapped)) entries.committed = entries.count;
    }
  }

  /** The transaction is rolled back: what it mapped is not stored. */
  rollback(): void {
    for (const mapped of this.#dictionaries.values()) {
      for (const entries of Object.values(mapped)) entries.count = entries.committed;
    }
  }
}

const emptyEntries = (): MappedEntries => ({
  numbers: new Int32Array(0),
  classes: new Int32Array(0),
  apiCalls: new Uint8Array(0),
  count: 0,
  committed: 0,
});

function grow(entries: MappedEntries, length: number): void {
  const { numbers, classes, apiCalls } = entries;
  entries.numbers = new Int32Array(length);
  entries.classes = new Int32Array(length);
  entries.apiCalls = new Uint8Array(length);
  entries.numbers.set(numbers);
  entries.classes.set(classes);
  entries.apiCalls.set(apiCalls);
}

function apiCallsOf({ rowCount, columns }: Table): Uint8Array {
  const { valid, bytes, offsets } = columns['event_type'] as Column & { kind: 'text' };
  const apiCall = Buffer.from('AwsApiCall');
  return Uint8Array.from({ length: rowCount }, (_, row) => {
    if (valid?.[row] === 0) return 0;
    return apiCall.equals(bytes.subarray(offsets[row], offsets[row + 1])) ? 1 : 0;
  });
}
