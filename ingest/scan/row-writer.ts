import type { RelatedEvent } from '../../store/batch/event-batch.ts';
import { encodeText } from '../../store/batch/utf8.ts';
import { isCanonicalUuid, writeId } from '../../store/batch/uuid.ts';
import type { KmsEvent } from '../../store/relations.ts';
import {
  eventTexts,
  RELATED_TEXTS,
  relatedTexts,
  ROW_ENTRIES,
  ROW_EVENT_ID,
  ROW_IDS,
  ROW_RECORD,
  ROW_REQUEST_ID,
  ROW_SHARED_EVENT_ID,
  ROW_TIME,
} from './layout.ts';
import type { Scanner } from './scanner.ts';

/** Writes rows that were read plainly behind those that the scanner encoded. */
export class RowWriter {
  readonly #scanner: Scanner;
  /** Where the row that is written stands: an address. */
  #at = 0;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  /** False when there is no room: what waits must be taken first, and if nothing does, it is too long. */
  addEvent(event: KmsEvent, entries: readonly number[]): boolean {
    this.#start(event, entries);
    const hasRequest = event.request_id !== null;
    const hasShared = event.shared_event_id !== null;
    this.#set(ROW_IDS, (hasRequest ? 1 : 0) | (hasShared ? 2 : 0));
    if (hasRequest) this.#setId(ROW_REQUEST_ID, event.request_id!);
    if (hasShared) this.#setId(ROW_SHARED_EVENT_ID, event.shared_event_id!);
    const texts = {
      ...event,
      event_id_text: idText(event.event_id),
      request_id_text: idText(event.request_id),
      shared_event_id_text: idText(event.shared_event_id),
    };
    if (!this.#setTexts(0, eventTexts, texts)) return false;
    this.#scanner.wasm.endEvent(this.#at);
    return true;
  }

  addRelated(event: RelatedEvent, entry: number): boolean {
    this.#start(event, [entry]);
    const texts = { ...event, event_id_text: idText(event.event_id) };
    if (!this.#setTexts(RELATED_TEXTS, relatedTexts, texts)) return false;
    this.#scanner.wasm.endRelated(this.#at);
    return true;
  }

  #start(
    {
      event_id,
      event_time,
      record_index,
    }: Pick<KmsEvent, 'event_id' | 'event_time' | 'record_index'>,
    entries: readonly number[],
  ): void {
    this.#at = this.#scanner.rowRoom();
    this.#scanner.view();
    this.#set(ROW_RECORD, record_index);
    this.#set(ROW_TIME, event_time);
    this.#set(ROW_TIME + 1, Math.floor(event_time / 2 ** 32));
    entries.forEach((entry, i) => this.#set(ROW_ENTRIES + i, entry));
    this.#setId(ROW_EVENT_ID, event_id);
  }

  #set(word: number, value: number): void {
    this.#scanner.words[this.#at / 4 + word] = value;
  }

  #setId(word: number, id: string): void {
    writeId(id, this.#scanner.bytes, this.#at + 4 * word);
  }

  #setTexts(first: number, names: readonly string[], values: object): boolean {
    const { wasm } = this.#scanner;
    for (const [i, name] of names.entries()) {
      const text = (values as Record<string, string | null>)[name] ?? null;
      if (text === null) {
        wasm.setNull(first + i);
        continue;
      }
      const bytes = encodeText(text);
      const at = wasm.roomForText(first + i, bytes.length);
      if (at === 0) return false;
      this.#scanner.bytes.set(bytes, at);
      wasm.endText(first + i, bytes.length);
    }
    return true;
  }
}

/** The text of an id that is no UUID. */
const idText = (id: string | null) => (id === null || isCanonicalUuid(id) ? null : id);
