import {
  batchEventColumns,
  dimensionColumns,
  batchRelatedColumns,
  dimensionIds,
  dimensionNames,
  eventDimensions,
  type Column,
  type DimensionName,
  type Table,
} from '../../store/batch/event-batch.ts';
import {
  eventTexts,
  PENDING_EVENT_ID,
  PENDING_EVENT_TIME,
  PENDING_HAS_REQUEST_ID,
  PENDING_HAS_SHARED_EVENT_ID,
  PENDING_POSITIONS,
  PENDING_RECORD_INDEX,
  PENDING_REQUEST_ID,
  PENDING_ROWS,
  PENDING_SHARED_EVENT_ID,
  PENDING_TEXT_START,
  PENDING_TEXT_STRIDE,
  PENDING_TEXT_VALID,
  PENDING_TEXTS,
  RELATED_EVENT_ID,
  RELATED_EVENT_TIME,
  RELATED_POSITIONS,
  RELATED_RECORD_INDEX,
  relatedTexts,
  TEXT_OF_RELATED,
} from './column-layout.ts';

/** What assembly/index.ts exports for rows to become columns. */
export interface EncoderExports {
  memory: WebAssembly.Memory;
  stopReason: WebAssembly.Global;
  encodedMin: WebAssembly.Global;
  encodedMax: WebAssembly.Global;
  pending: WebAssembly.Global;
  relatedPending: WebAssembly.Global;
  pendingAt: WebAssembly.Global;
  encode(row: number): number;
  setPending(rows: number, relatedRows: number): void;
  roomForText(column: number, length: number): number;
  endText(column: number, length: number): void;
  setNull(column: number): void;
  endRelated(row: number, action: number): void;
  setRelatedEnabled(enabled: boolean): void;
  setBook(book: number, texts: number, booleans: number): void;
  roomForTuple(length: number): number;
  addTuple(book: number, length: number): number;
  startPositions(): void;
  usedCount(book: number): number;
  tableOf(book: number): number;
  isBatchCrowded(): number;
  knownIdentity(id: number): number;
  callerOf(id: number): number;
  knownClient(id: number): number;
  knownContext(id: number): number;
  knownCall(id: number, caller: number, kind: number): number;
  teachIdentity(id: number, tuple: number, caller: number): void;
  teachClient(id: number, tuple: number): void;
  teachContext(id: number, kind: number, texts: number): void;
  teachCall(
    id: number,
    caller: number,
    kind: number,
    tuple: number,
    key: number,
    texts: number,
  ): void;
}

/** Which columns of a dimension are texts, and which booleans. */
export function columnsOf(dimension: DimensionName): { texts: string[]; booleans: string[] } {
  const columns = dimensionColumns(dimension);
  const names = (boolean: boolean) =>
    columns.filter((column) => (column.type === 'BOOLEAN') === boolean).map(({ name }) => name);
  return { texts: names(false), booleans: names(true) };
}

/** The number of a dimension's book in column-layout.ts. */
export const bookOf = (dimension: DimensionName) => dimensionNames.indexOf(dimension);

/** Copies the rows of `events` that wait in the scanner's memory, with positions of usedTuples. */
export function pendingRows(wasm: EncoderExports): Table {
  const rows = wasm.pending.value as number;
  const from = columnsIn(wasm, rows);
  const own: Record<string, Column> = {
    event_id_uuid: from.ids(PENDING_EVENT_ID),
    shared_event_id_uuid: {
      ...from.ids(PENDING_SHARED_EVENT_ID),
      ...from.validity(PENDING_HAS_SHARED_EVENT_ID),
    },
    request_id_uuid: {
      ...from.ids(PENDING_REQUEST_ID),
      ...from.validity(PENDING_HAS_REQUEST_ID),
    },
    event_time: from.instants(PENDING_EVENT_TIME),
    record_index: from.integers(PENDING_RECORD_INDEX),
  };
  // Ids that are no UUIDs are for the plain reader.
  own['event_id_text'] = own['shared_event_id_text'] = own['request_id_text'] = nullTexts(rows);
  eventDimensions.forEach((dimension, i) => {
    own[dimensionIds[dimension]] = from.integers(PENDING_POSITIONS + 4 * PENDING_ROWS * i);
  });
  eventTexts.forEach((name, i) => (own[name] = from.texts(i)));
  return ordered(own, batchEventColumns, rows);
}

/** Copies the rows of `related` that wait. */
export function pendingRelated(wasm: EncoderExports): Table {
  const rows = wasm.relatedPending.value as number;
  const from = columnsIn(wasm, rows);
  const own: Record<string, Column> = {
    event_id_uuid: from.ids(RELATED_EVENT_ID),
    event_id_text: nullTexts(rows),
    event_time: from.instants(RELATED_EVENT_TIME),
    record_index: from.integers(RELATED_RECORD_INDEX),
    action_no: from.integers(RELATED_POSITIONS),
  };
  relatedTexts.forEach((name, i) => (own[name] = from.texts(TEXT_OF_RELATED + i)));
  return ordered(own, batchRelatedColumns, rows);
}

/** Copies of the columns that wait, by their places in column-layout.ts. */
function columnsIn(wasm: EncoderExports, rows: number) {
  const memory = wasm.memory.buffer;
  const base = wasm.pendingAt.value as number;
  const copy = (at: number, length: number) => memory.slice(base + at, base + at + length);
  const validityAt = (at: number) => validity(new Uint8Array(copy(at, rows)));
  return {
    validity: validityAt,
    ids: (at: number): Column => ({ kind: 'uuid', data: new Uint8Array(copy(at, rows * 16)) }),
    instants: (at: number): Column => ({
      kind: 'timestamp',
      data: new BigInt64Array(copy(at, rows * 8)),
    }),
    integers: (at: number): Column => ({
      kind: 'integer',
      data: new Int32Array(copy(at, rows * 4)),
    }),
    texts: (column: number): Column => {
      const at = PENDING_TEXTS + PENDING_TEXT_STRIDE * column;
      const offsets = new Uint32Array(rows + 1);
      offsets.set(new Uint32Array(memory, base + at, rows), 1);
      const bytes = new Uint8Array(copy(at + PENDING_TEXT_START, offsets[rows]!));
      return { kind: 'text', bytes, offsets, ...validityAt(at + PENDING_TEXT_VALID) };
    },
  };
}

function ordered(own: Record<string, Column>, names: readonly string[], rowCount: number): Table {
  return { rowCount, columns: Object.fromEntries(names.map((name) => [name, own[name]!])) };
}

/** Copies the tuples of a dimension that rows use, in the order of their positions. */
export function usedTuples(wasm: EncoderExports, dimension: DimensionName): Table {
  const rows = wasm.usedCount(bookOf(dimension));
  const { texts, booleans } = columnsOf(dimension);
  const at = wasm.tableOf(bookOf(dimension));
  const memory = wasm.memory.buffer;
  const slice = (from: number, length: number) => new Uint8Array(memory.slice(from, from + length));
  const own: Record<string, Column> = {};
  const valids = at + texts.length * (rows + 1) * 4;
  const flags = valids + texts.length * rows;
  let bytes = (flags + booleans.length * rows * 2 + 15) & ~15;
  texts.forEach((name, i) => {
    const from = at + i * (rows + 1) * 4;
    const offsets = new Uint32Array(memory.slice(from, from + (rows + 1) * 4));
    own[name] = {
      kind: 'text',
      bytes: slice(bytes, offsets[rows]!),
      offsets,
      ...validity(slice(valids + i * rows, rows)),
    };
    bytes += offsets[rows]! + 16;
  });
  booleans.forEach((name, i) => {
    const from = flags + 2 * i * rows;
    own[name] = {
      kind: 'boolean',
      data: slice(from, rows),
      ...validity(slice(from + rows, rows)),
    };
  });
  const columns = dimensionColumns(dimension).map(({ name }) => [name, own[name]!] as const);
  return { rowCount: rows, columns: Object.fromEntries(columns) };
}

const validity = (valid: Uint8Array) => (valid.includes(0) ? { valid } : {});

/** A text column of nothing but nulls. */
function nullTexts(rows: number): Column {
  const valid = rows === 0 ? {} : { valid: new Uint8Array(rows) };
  return { kind: 'text', bytes: new Uint8Array(0), offsets: new Uint32Array(rows + 1), ...valid };
}
