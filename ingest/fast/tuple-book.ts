import { booleanColumn } from '../../store/batch-encoder.ts';
import {
  dimensionColumns,
  type Column,
  type DimensionName,
  type Table,
} from '../../store/event-batch.ts';
import { encodeText } from '../../store/utf8.ts';

type Value = string | boolean | null;

/** A tuple as tables take it: encoded once, used in many batches. */
interface Tuple {
  /** UTF-8 of all texts, one after the other. */
  bytes: Uint8Array;
  /** Where each text ends in `bytes`; -1 for null. */
  ends: number[];
  booleans: (boolean | null)[];
}

/**
 * The distinct tuples of one dimension. A tuple keeps its number for as long as the book is not
 * cleared, so that others can remember it; in a batch it has a position, in the order of first use.
 */
export class TupleBook {
  readonly #columns: { name: string; type: string }[];
  readonly #texts: string[];
  readonly #booleans: string[];
  readonly #numbers = new Map<string, number>();
  readonly #tuples: Tuple[] = [];
  /** Position in the batch of each number, -1 for not used. */
  #positions = new Int32Array(1024).fill(-1);
  #used: number[] = [];

  constructor(dimension: DimensionName) {
    this.#columns = dimensionColumns(dimension);
    const names = (boolean: boolean) =>
      this.#columns.filter((c) => (c.type === 'BOOLEAN') === boolean).map((c) => c.name);
    this.#texts = names(false);
    this.#booleans = names(true);
  }

  get size(): number {
    return this.#tuples.length;
  }

  /** The number of the tuple in these fields of an event; more fields than the columns do no harm. */
  numberOf(event: object): number {
    const [texts, booleans] = this.#valuesOf(event);
    const key = JSON.stringify([texts, booleans]);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#add(texts, booleans);
      this.#numbers.set(key, number);
    }
    return number;
  }

  #valuesOf(event: object): [(string | null)[], (boolean | null)[]] {
    const valueOf = (name: string) => (event as Record<string, Value>)[name] ?? null;
    return [
      this.#texts.map(valueOf) as (string | null)[],
      this.#booleans.map(valueOf) as (boolean | null)[],
    ];
  }

  #add(texts: readonly (string | null)[], booleans: (boolean | null)[]): number {
    const number = this.#tuples.push({ ...encodeTexts(texts), booleans }) - 1;
    if (number >= this.#positions.length) {
      const larger = new Int32Array(this.#positions.length * 2).fill(-1);
      larger.set(this.#positions);
      this.#positions = larger;
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
    const used = this.#used.map((number) => this.#tuples[number]!);
    const texts = textColumns(used, this.#texts.length);
    const columns = this.#columns.map(({ name }): [string, Column] => {
      const text = this.#texts.indexOf(name);
      if (text >= 0) return [name, texts[text]!];
      const index = this.#booleans.indexOf(name);
      return [name, booleanColumn(used.map(({ booleans }) => booleans[index]!))];
    });
    return { rowCount: used.length, columns: Object.fromEntries(columns) };
  }
}

/** All text columns at once, tuple by tuple: a tuple's bytes are near each other, a column's are not. */
function textColumns(tuples: readonly Tuple[], count: number): Column[] {
  const sizes = new Float64Array(count);
  const nulls = new Int32Array(count);
  for (const { ends } of tuples) {
    for (let text = 0, start = 0; text < count; text++) {
      const end = ends[text]!;
      if (end < 0) nulls[text]!++;
      else {
        sizes[text]! += end - start;
        start = end;
      }
    }
  }
  const columns = Array.from(sizes, (size, text) => ({
    kind: 'text' as const,
    bytes: new Uint8Array(size),
    offsets: new Uint32Array(tuples.length + 1),
    ...(nulls[text] === 0 ? {} : { valid: new Uint8Array(tuples.length).fill(1) }),
  }));
  tuples.forEach(({ bytes, ends }, row) => {
    let start = 0;
    for (let text = 0; text < count; text++) {
      const { bytes: target, offsets, valid } = columns[text]!;
      let to = offsets[row]!;
      const end = ends[text]!;
      if (end < 0) valid![row] = 0;
      else for (; start < end; start++) target[to++] = bytes[start]!;
      offsets[row + 1] = to;
    }
  });
  return columns;
}

function encodeTexts(texts: readonly (string | null)[]): Pick<Tuple, 'bytes' | 'ends'> {
  const bytes = encodeText(texts.map((text) => text ?? '').join(''));
  let end = 0;
  const length = texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
  // Pure ASCII has a byte for each character.
  const lengthOf = (text: string) =>
    bytes.length === length ? text.length : encodeText(text).length;
  const ends = texts.map((text) => (text === null ? -1 : (end += lengthOf(text))));
  return { bytes, ends };
}
