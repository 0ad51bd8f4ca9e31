import {
  batchEventColumns,
  batchRelatedColumns,
  dimensionIds,
  eventDimensions,
  type Column,
  type Table,
} from '../../store/batch/event-batch.ts';
import {
  EVENTS_ENTRIES,
  EVENTS_HAS_REQUEST,
  EVENTS_HAS_SHARED,
  EVENTS_ID,
  EVENTS_RECORD,
  EVENTS_REQUEST_ID,
  EVENTS_SHARED_ID,
  EVENTS_TIME,
  eventTexts,
  RELATED_ENTRIES,
  RELATED_ID,
  RELATED_RECORD,
  RELATED_TEXTS,
  RELATED_TIME,
  relatedTexts,
  WAITING_ROWS,
  WAITING_TEXT_START,
  WAITING_TEXT_STRIDE,
  WAITING_TEXT_VALID,
  WAITING_TEXTS,
} from './layout.ts';
import type { ScannerExports } from './scanner.ts';

/** Copies the rows of `events` that wait in the scanner's memory. */
export function waitingEvents(wasm: ScannerExports): Table {
  const rows = wasm.events.value as number;
  const from = columnsIn(wasm, rows);
  const own: Record<string, Column> = {
    event_id_uuid: from.ids(EVENTS_ID),
    shared_event_id_uuid: { ...from.ids(EVENTS_SHARED_ID), ...from.validity(EVENTS_HAS_SHARED) },
    request_id_uuid: { ...from.ids(EVENTS_REQUEST_ID), ...from.validity(EVENTS_HAS_REQUEST) },
    event_time: from.instants(EVENTS_TIME),
    record_index: from.integers(EVENTS_RECORD),
  };
  eventDimensions.forEach((dimension, i) => {
    own[dimensionIds[dimension]] = from.integers(EVENTS_ENTRIES + 4 * WAITING_ROWS * i);
  });
  eventTexts.forEach((name, i) => (own[name] = from.texts(i)));
  return ordered(own, batchEventColumns, rows);
}

/** Copies the rows of `related` that wait. */
export function waitingRelated(wasm: ScannerExports): Table {
  const rows = wasm.related.value as number;
  const from = columnsIn(wasm, rows);
  const own: Record<string, Column> = {
    event_id_uuid: from.ids(RELATED_ID),
    event_time: from.instants(RELATED_TIME),
    record_index: from.integers(RELATED_RECORD),
    action_no: from.integers(RELATED_ENTRIES),
  };
  relatedTexts.forEach((name, i) => (own[name] = from.texts(RELATED_TEXTS + i)));
  return ordered(own, batchRelatedColumns, rows);
}

/** Copies of the columns that wait, by their places in layout.ts. */
function columnsIn(wasm: ScannerExports, rows: number) {
  const memory = wasm.memory.buffer;
  const base = wasm.waitingAt.value as number;
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
      const at = WAITING_TEXTS + WAITING_TEXT_STRIDE * column;
      const offsets = new Uint32Array(rows + 1);
      offsets.set(new Uint32Array(memory, base + at, rows), 1);
      const bytes = new Uint8Array(copy(at + WAITING_TEXT_START, offsets[rows]!));
      return { kind: 'text', bytes, offsets, ...validityAt(at + WAITING_TEXT_VALID) };
    },
  };
}

function ordered(own: Record<string, Column>, names: readonly string[], rowCount: number): Table {
  return { rowCount, columns: Object.fromEntries(names.map((name) => [name, own[name]!])) };
}

function validity(valid: Uint8Array): { valid?: Uint8Array } {
  return valid.includes(0) ? { valid } : {};
}
