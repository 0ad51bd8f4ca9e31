import {
  BatchEncoder,
  type EncodedRows,
  type EventEncoder,
} from '../../store/batch/batch-encoder.ts';
import {
  dimensionIds,
  eventDimensions,
  type Facts,
  type RelatedEvent,
  type Table,
} from '../../store/batch/event-batch.ts';
import { joinTables } from '../../store/batch/join-tables.ts';
import { sliceTable } from '../../store/batch/slice-object.ts';
import type { KmsEvent } from '../../store/relations.ts';
import type { Scanner } from '../scan/scanner.ts';
import { RowWriter } from '../scan/row-writer.ts';
import { waitingEvents, waitingRelated } from '../scan/waiting-columns.ts';
import type { Entries } from './entries.ts';

interface Block {
  events: Table;
  related: Table;
}

/**
 * The rows of a batch: columns in the scanner's memory, and blocks of rows that were taken out of it when they
 * were full. Rows that were read plainly are written into the same columns.
 */
export class BatchRows implements EventEncoder {
  readonly #scanner: Scanner;
  readonly #entries: Entries;
  readonly #writer: RowWriter;
  readonly #blocks: Block[] = [];
  #events = 0;
  #related = 0;

  /** Starts a batch: what waits of another is dropped. */
  constructor(scanner: Scanner, entries: Entries) {
    this.#scanner = scanner;
    this.#entries = entries;
    this.#writer = new RowWriter(scanner);
    scanner.wasm.keepWaiting(0, 0);
  }

  get rowCount(): number {
    return this.#events + (this.#scanner.wasm.events.value as number);
  }

  get relatedCount(): number {
    return this.#related + (this.#scanner.wasm.related.value as number);
  }

  add(event: KmsEvent, facts: Facts = {}): void {
    const entries = eventDimensions.map((name) => this.#entries.entryOf(name, event, facts));
    if (this.#writer.addEvent(event, entries)) return;
    this.takeBlock();
    if (this.#writer.addEvent(event, entries)) return;
    const alone = new BatchEncoder();
    alone.add(event);
    const { events, related } = alone.finish();
    eventDimensions.forEach((name, i) => (numbersOf(events, dimensionIds[name])[0] = entries[i]!));
    this.#addBlock({ events, related });
  }

  addRelated(event: RelatedEvent, facts: Facts = {}): void {
    const entry = this.#entries.entryOf('actions', event, facts);
    if (this.#writer.addRelated(event, entry)) return;
    this.takeBlock();
    if (this.#writer.addRelated(event, entry)) return;
    const alone = new BatchEncoder();
    alone.addRelated(event);
    const { events, related } = alone.finish();
    numbersOf(related, dimensionIds.actions)[0] = entry;
    this.#addBlock({ events, related });
  }

  /** Takes the rows that wait out of the scanner's memory. */
  takeBlock(): void {
    const { wasm } = this.#scanner;
    this.#addBlock({ events: waitingEvents(wasm), related: waitingRelated(wasm) });
    wasm.keepWaiting(0, 0);
  }

  /** Takes back the rows from these counts on. */
  truncate(rowCount: number, relatedCount: number): void {
    this.#scanner.wasm.keepWaiting(
      Math.min(this.#scanner.wasm.events.value as number, Math.max(0, rowCount - this.#events)),
      Math.min(
        this.#scanner.wasm.related.value as number,
        Math.max(0, relatedCount - this.#related),
      ),
    );
    this.#events = cut(this.#blocks, 'events', Math.min(this.#events, rowCount));
    this.#related = cut(this.#blocks, 'related', Math.min(this.#related, relatedCount));
  }

  finish(): EncodedRows {
    this.takeBlock();
    const delta = this.#entries.takeDelta();
    return {
      events: joinTables(this.#blocks.map(({ events }) => events)),
      related: joinTables(this.#blocks.map(({ related }) => related)),
      dictionary: delta.dictionary,
      deltas: [delta],
    };
  }

  #addBlock(block: Block): void {
    this.#blocks.push(block);
    this.#events += block.events.rowCount;
    this.#related += block.related.rowCount;
  }
}

const numbersOf = ({ columns }: Table, name: string) =>
  (columns[name] as { data: Int32Array }).data;

/** Keeps the first rows of all blocks together; their number. */
function cut(blocks: readonly Block[], table: keyof Block, rows: number): number {
  let before = 0;
  for (const block of blocks) {
    const count = Math.min(block[table].rowCount, rows - before);
    if (count < block[table].rowCount) block[table] = sliceTable(block[table], 0, count);
    before += count;
  }
  return rows;
}
