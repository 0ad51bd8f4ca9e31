import {
  batchEventColumns,
  dimensionColumns,
  dimensionIds,
  eventDimensions,
  type Column,
  type DimensionName,
  type Table,
} from '../../store/event-batch.ts';
import {
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
  pendingTexts,
} from './column-layout.ts';

/** What assembly/index.ts exports for rows to become columns. */
export interface EncoderExports {
  memory: WebAssembly.Memory;
  stopReason: WebAssembly.Global;
  encodedMin: WebAssembly.Global;
  encodedMax: WebAssembly.Global;
  pending: WebAssembly.Global;
  pendingAt: WebAssembly.Global;
  encode(row: number): number;
  setPending(rows: number): void;
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

export type EventDimension = (typeof eventDimensions)[number];
/** Which columns of a dimension are texts, and which booleans. */
export function columnsOf(dimension: DimensionName): { texts: string[]; booleans: string[] } {
  const columns = dimensionColumns(dimension);
  const names = (boolean: boolean) =>
    columns.filter((column) => (column.type === 'BOOLEAN') === boolean).map(({ name }) => name);
  return { texts: names(false), booleans: names(true) };
}

/** The number of a dimension's book in column-layout.ts. */
export const bookOf = (dimension: EventDimension) => eventDimensions.indexOf(dimension);

/** Copies the rows that wait in the scanner's memory: columns of `events`, with positions of usedTuples. */
export function pendingRows(wasm: EncoderExports): Table {
  const rows = wasm.pending.value as number;
  const memory = wasm.memory.buffer;
  const base = wasm.pendingAt.value as number;
  const slice = (at: number, length: number) => new Uint8Array(memory.slice(at, at + length));
  const valid = (at: number) => validity(slice(base + at, rows));
  const uuid = (at: number): Column => ({ kind: 'uuid', data: slice(base + at, rows * 16) });
  const integers = (at: number): Column => ({
    kind: 'integer',
    data: new Int32Array(memory.slice(base + at, base + at + rows * 4)),
  });
  const noText = nullTexts(rows);
  const own: Record<string, Column> = {
    event_id_uuid: uuid(PENDING_EVENT_ID),
    event_id_text: noText,
    shared_event_id_uuid: {
      ...uuid(PENDING_SHARED_EVENT_ID),
      ...valid(PENDING_HAS_SHARED_EVENT_ID),
    },
    shared_event_id_text: noText,
    request_id_uuid: { ...uuid(PENDING_REQUEST_ID), ...valid(PENDING_HAS_REQUEST_ID) },
    request_id_text: noText,
    event_time: {
      kind: 'timestamp',
      data: new BigInt64Array(
        memory.slice(base + PENDING_EVENT_TIME, base + PENDING_EVENT_TIME + rows * 8),
      ),
    },
    record_index: integers(PENDING_RECORD_INDEX),
  };
  eventDimensions.forEach((dimension, i) => {
    own[dimensionIds[dimension]] = integers(PENDING_POSITIONS + 4 * PENDING_ROWS * i);
  });
  pendingTexts.forEach((name, i) => {
    const at = base + PENDING_TEXTS + PENDING_TEXT_STRIDE * i;
    const offsets = new Uint32Array(rows + 1);
    offsets.set(new Uint32Array(memory, at, rows), 1);
    own[name] = {
      kind: 'text',
      bytes: slice(at + PENDING_TEXT_START, offsets[rows]!),
      offsets,
      ...validity(slice(at + PENDING_TEXT_VALID, rows)),
    };
  });
  const columns = Object.fromEntries(batchEventColumns.map((name) => [name, own[name]!]));
  return { rowCount: rows, columns };
}

/** Copies the tuples of a dimension that rows use, in the order of their positions. */
export function usedTuples(wasm: EncoderExports, dimension: EventDimension): Table {
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
