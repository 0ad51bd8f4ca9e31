import { dimensionNames, type DimensionName, type Table } from '../../store/batch/event-batch.ts';
import { encodeText } from '../../store/batch/utf8.ts';
import {
  actionTexts,
  BOOK_CALL_TEXTS,
  BOOK_CONTEXT_TEXTS,
  BOOLEAN_FALSE,
  BOOLEAN_NULL,
  BOOLEAN_TRUE,
  clientTexts,
  identityTexts,
  PENDING_ROWS,
  relatedTexts,
  TEXT_OF_RELATED,
} from './column-layout.ts';
import {
  bookOf,
  columnsOf,
  pendingRelated,
  pendingRows,
  usedTuples,
  type EncoderExports,
} from './encoded-columns.ts';

/** A tuple's texts and booleans, each in the order of the dimension's columns. */
export type Texts = readonly (string | null)[];
export type Booleans = readonly (boolean | null)[];

/**
 * The half of the scanner that makes columns of the rows it scanned: rows whose texts are known become
 * columns in its memory, without a step in TypeScript; at others it stops. What is known is taught.
 */
export class RowEncoder {
  readonly #wasm: EncoderExports;

  constructor(wasm: EncoderExports) {
    this.#wasm = wasm;
    for (const dimension of dimensionNames) {
      const { texts, booleans } = columnsOf(dimension);
      wasm.setBook(bookOf(dimension), texts.length, booleans.length);
    }
    wasm.setBook(BOOK_CONTEXT_TEXTS, 2, 0);
    wasm.setBook(BOOK_CALL_TEXTS, 4, 0);
    // The scanner makes these tuples by itself: it must agree on their columns.
    expectTexts('identities', identityTexts, ['console_session']);
    expectTexts('clients', clientTexts, []);
    expectTexts('actions', actionTexts, []);
  }

  /** Rows of `events` that are encoded and not taken. */
  get pending(): number {
    return this.#wasm.pending.value as number;
  }

  /** Rows of `related` that are encoded and not taken. */
  get relatedPending(): number {
    return this.#wasm.relatedPending.value as number;
  }

  /** Whether kept records of other services may be encoded without asking. */
  set encodesRelated(enabled: boolean) {
    this.#wasm.setRelatedEnabled(enabled);
  }

  /** Earliest and latest eventTime (seconds) of the rows of this scan that were encoded. */
  get times(): { min: number; max: number } | null {
    const min = this.#wasm.encodedMin.value as number;
    const max = this.#wasm.encodedMax.value as number;
    return min > max ? null : { min, max };
  }

  /** Encodes the scanned rows from this one on; the row where it stopped, and why: a STOP_ number. */
  encode(row: number): { row: number; stop: number } {
    const stopped = this.#wasm.encode(row);
    return { row: stopped, stop: this.#wasm.stopReason.value as number };
  }

  /** Starts a batch: what waits is dropped, and positions start again. */
  startBatch(): void {
    this.#wasm.setPending(0, 0);
    this.#wasm.startPositions();
  }

  /** Whether a batch had better start with nothing remembered. */
  get isCrowded(): boolean {
    return this.#wasm.isBatchCrowded() !== 0;
  }

  /** Keeps only the first rows that wait. */
  keepPending(rows: number, relatedRows: number): void {
    this.#wasm.setPending(rows, relatedRows);
  }

  /** The rows that wait, as columns whose positions are those of takeTables. */
  takeRows(): { events: Table; related: Table } {
    const taken = { events: pendingRows(this.#wasm), related: pendingRelated(this.#wasm) };
    this.#wasm.setPending(0, 0);
    return taken;
  }

  /** The tuples that rows use since the batch began or all was forgotten, in the order of their positions. */
  takeTables(): Record<DimensionName, Table> {
    const tables = dimensionNames.map((dimension) => [
      dimension,
      usedTuples(this.#wasm, dimension),
    ]);
    return Object.fromEntries(tables) as Record<DimensionName, Table>;
  }

  /** Adds a tuple to a dimension; its number, or null when it is too large to be kept. */
  addTuple(dimension: DimensionName, texts: Texts, booleans: Booleans): number | null {
    return this.#add(bookOf(dimension), texts, booleans);
  }

  #add(book: number, texts: Texts, booleans: Booleans): number | null {
    const encoded = texts.map((text) => (text === null ? null : encodeText(text)));
    const head = texts.length * 4 + booleans.length;
    const length = encoded.reduce((sum, text) => sum + (text?.length ?? 0), head);
    const at = this.#wasm.roomForTuple(length);
    if (at === 0) return null;
    const bytes = new Uint8Array(this.#wasm.memory.buffer, at, length);
    const ends = new DataView(bytes.buffer, at, texts.length * 4);
    let end = 0;
    encoded.forEach((text, i) => {
      if (text !== null) {
        bytes.set(text, head + end);
        end += text.length;
      }
      ends.setInt32(i * 4, text === null ? ~end : end, true);
    });
    booleans.forEach((value, i) => (bytes[texts.length * 4 + i] = flagOf(value)));
    return this.#wasm.addTuple(book, length);
  }

  /**
   * Ends the row of a kept record with these texts, in the order of relatedTexts. False when there is no room
   * for it: what waits must be taken, and if nothing does, it is too large to be kept here.
   */
  endRelated(row: number, action: number, texts: Texts): boolean {
    const wasm = this.#wasm;
    if (this.relatedPending === PENDING_ROWS) return false;
    for (let i = 0; i < relatedTexts.length; i++) {
      const text = texts[i]!;
      const column = TEXT_OF_RELATED + i;
      if (text === null) wasm.setNull(column);
      else {
        const encoded = encodeText(text);
        const at = wasm.roomForText(column, encoded.length);
        if (at === 0) return false;
        new Uint8Array(wasm.memory.buffer, at, encoded.length).set(encoded);
        wasm.endText(column, encoded.length);
      }
    }
    wasm.endRelated(row, action);
    return true;
  }

  /** 0: not asked yet; PER_ROW; else it is known. */
  knownIdentity(id: number): number {
    return this.#wasm.knownIdentity(id) >>> 0;
  }

  callerOf(id: number): number {
    return this.#wasm.callerOf(id);
  }

  knownClient(id: number): number {
    return this.#wasm.knownClient(id) >>> 0;
  }

  /** 0: not asked yet; PER_ROW; else its kind + 1. */
  knownContext(id: number): number {
    return this.#wasm.knownContext(id) >>> 0;
  }

  knownCall(id: number, caller: number, kind: number): number {
    return this.#wasm.knownCall(id, caller, kind) >>> 0;
  }

  /** `tuple` may be PER_ROW. */
  teachIdentity(id: number, tuple: number, caller: number): void {
    this.#wasm.teachIdentity(id, tuple, caller);
  }

  teachClient(id: number, tuple: number): void {
    this.#wasm.teachClient(id, tuple);
  }

  /** `kind` may be PER_ROW; 0 is for no context. False when the texts are too large to be kept. */
  teachContext(id: number, kind: number, texts: Texts): boolean {
    const number = this.#add(BOOK_CONTEXT_TEXTS, texts, []);
    if (number !== null) this.#wasm.teachContext(id, kind, number);
    return number !== null;
  }

  /** A call by a kind of caller with a kind of context. False when the texts are too large to be kept. */
  teachCall(
    id: number,
    by: { caller: number; kind: number },
    tuples: { call: number; key: number },
    texts: Texts,
  ): boolean {
    const number = this.#add(BOOK_CALL_TEXTS, texts, []);
    if (number === null) return false;
    this.#wasm.teachCall(id, by.caller, by.kind, tuples.call, tuples.key, number);
    return true;
  }

  /** What depends on more than its text: such rows go through the plain rules, one by one. */
  teachCallPerRow(id: number, by: { caller: number; kind: number }, per_row: number): void {
    this.#wasm.teachCall(id, by.caller, by.kind, per_row, 0, 0);
  }
}

function expectTexts(dimension: DimensionName, texts: string[], booleans: string[]): void {
  const columns = columnsOf(dimension);
  if (`${columns.texts}` !== `${texts}` || `${columns.booleans}` !== `${booleans}`) {
    throw new Error(`column-layout.ts names other columns of ${dimension} than the store`);
  }
}

function flagOf(value: boolean | null): number {
  if (value === null) return BOOLEAN_NULL;
  return value ? BOOLEAN_TRUE : BOOLEAN_FALSE;
}
