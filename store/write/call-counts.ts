import type { DuckDBConnection } from '@duckdb/node-api';
import { addKindCalls, chargeKinds } from './call-seconds.ts';
import { appendColumns } from './chunk-append.ts';
import { dimensionIds, type Column, type Table } from '../batch/event-batch.ts';
import type { MappedDictionary } from './mapped-entries.ts';
import { TripleIndex } from './triple-index.ts';
import { TupleDictionary } from './tuple-dictionary.ts';
import { callSecondCounts, chargedBy, type ChargingDimension } from '../views.ts';

const dimensions = ['calls', 'identities', 'keys'] as const satisfies readonly ChargingDimension[];

/** Kinds of calls before they are forgotten: bounds memory. */
const kinds_max = 1 << 17;

/** Entries of a dimension that are alike in the columns that charges depend on, as one class. */
interface Classes {
  dictionary: TupleDictionary;
  /** An entry of each class, as its number in the store; unknown when it was rolled back. */
  members: number[];
  /** Classes whose members are committed. */
  committed: number;
}

const unknown = -1;

/**
 * Counts the calls of a group by second and kind. A kind is all that decides how a call is charged;
 * the database is asked for the charges of each new kind once, by the one text of quota_charges, and
 * multiplies them by the counts.
 */
export class CallCounts {
  readonly #connection: DuckDBConnection;
  readonly #classes: Record<ChargingDimension, Classes> = {
    calls: { dictionary: new TupleDictionary(), members: [], committed: 0 },
    identities: { dictionary: new TupleDictionary(), members: [], committed: 0 },
    keys: { dictionary: new TupleDictionary(), members: [], committed: 0 },
  };
  /** Classes of call, identity and key, in this order. */
  readonly #kinds = new TripleIndex();
  /** Kinds whose charges the database knows. */
  #charged = 0;
  /** Low and high word of the microsecond, and kind. */
  readonly #cells = new TripleIndex();
  #counts = new Int32Array(1024);
  #isStale = false;

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  static async open(connection: DuckDBConnection): Promise<CallCounts> {
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE call_kinds AS
       SELECT call_no AS kind_no, call_no, identity_no, key_no, counted FROM events LIMIT 0`,
    );
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE kind_charges AS
       SELECT scope_no AS kind_no, scope_no, ${callSecondCounts.join(', ')} FROM call_seconds LIMIT 0`,
    );
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE kind_calls AS
       SELECT second, scope_no AS kind_no, offered AS calls FROM call_seconds LIMIT 0`,
    );
    return new CallCounts(connection);
  }

  /** Starts a group. After a rollback, and when there are too many, the kinds are forgotten. */
  clear(options: { forget: boolean } = { forget: false }): void {
    this.#counts.fill(0, 0, this.#cells.count);
    this.#cells.clear();
    if (!options.forget && this.#kinds.count < kinds_max) return;
    this.#kinds.clear();
    this.#charged = 0;
    this.#isStale = true;
  }

  /** The transaction is committed. */
  commit(): void {
    for (const name of dimensions) {
      this.#classes[name].committed = this.#classes[name].members.length;
    }
  }

  /** The transaction is rolled back: the entries that it stored are not there. */
  rollback(): void {
    for (const name of dimensions) {
      this.#classes[name].members.fill(unknown, this.#classes[name].committed);
    }
  }

  /** The kind of each event, whose entries are mapped. */
  kindsOf({ rowCount, columns }: Table, mapped: MappedDictionary): Int32Array {
    const [call, identity, key] = dimensions.map((name) => {
      const { data } = columns[dimensionIds[name]] as { data: Int32Array };
      return { data, classes: mapped[name].classes };
    }) as [Places, Places, Places];
    const kinds = new Int32Array(rowCount);
    for (let row = 0; row < rowCount; row++) {
      kinds[row] = this.#kinds.numberOf(
        call.classes[call.data[row]!]!,
        identity.classes[identity.data[row]!]!,
        key.classes[key.data[row]!]!,
      );
    }
    return kinds;
  }

  /** Counts one call; `low` and `high` are the words of its time in microseconds. */
  add(kind: number, low: number, high: number): void {
    const cell = this.#cells.numberOf(low, high, kind);
    if (cell >= this.#counts.length) {
      const larger = new Int32Array(2 * this.#counts.length);
      larger.set(this.#counts);
      this.#counts = larger;
    }
    this.#counts[cell]!++;
  }

  /** Writes the group's counts into call_seconds, as part of the open transaction. */
  async write(): Promise<void> {
    const calls = this.#cells.count;
    if (calls === 0) return;
    await this.#chargeNewKinds();
    const cells = this.#cells.triples;
    const times = new Int32Array(2 * calls);
    const kinds = new Int32Array(calls);
    for (let cell = 0; cell < calls; cell++) {
      times[2 * cell] = cells[3 * cell]!;
      times[2 * cell + 1] = cells[3 * cell + 1]!;
      kinds[cell] = cells[3 * cell + 2]!;
    }
    const columns: Column[] = [
      { kind: 'timestamp', data: new BigInt64Array(times.buffer) },
      { kind: 'integer', data: kinds },
      { kind: 'integer', data: this.#counts.subarray(0, calls) },
    ];
    await appendColumns(this.#connection, 'kind_calls', columns, calls, 'temp');
    await addKindCalls(this.#connection);
  }

  async #chargeNewKinds(): Promise<void> {
    if (this.#isStale) await this.#connection.run('DELETE FROM kind_charges');
    this.#isStale = false;
    const from = this.#charged;
    const added = this.#kinds.count - from;
    if (added === 0) return;
    const triples = this.#kinds.triples;
    const columns = dimensions.map((name, place): Column => {
      const { members } = this.#classes[name];
      const data = new Int32Array(added);
      for (let i = 0; i < added; i++) data[i] = members[triples[3 * (from + i) + place]!]!;
      return { kind: 'integer', data };
    });
    const numbers = Int32Array.from({ length: added }, (_, i) => from + i);
    const counted = new Uint8Array(added).fill(1);
    const all: Column[] = [
      { kind: 'integer', data: numbers },
      ...columns,
      { kind: 'boolean', data: counted },
    ];
    await appendColumns(this.#connection, 'call_kinds', all, added, 'temp');
    await chargeKinds(this.#connection);
    this.#charged = this.#kinds.count;
  }

  /** The class of each entry of one dimension, whose numbers in the store are `ids`. */
  classesOf(name: ChargingDimension, { rowCount, columns }: Table, ids: Int32Array): Int32Array {
    const deciding = chargedBy[name].map((column) => columns[column]!);
    const { dictionary, members } = this.#classes[name];
    const classes = new Int32Array(rowCount);
    for (let row = 0; row < rowCount; row++) {
      const number = dictionary.numberOf(deciding, row, members.length);
      if (number === members.length) members.push(ids[row]!);
      else if (members[number] === unknown) members[number] = ids[row]!;
      classes[row] = number;
    }
    return classes;
  }
}

interface Places {
  data: Int32Array;
  classes: Int32Array;
}
