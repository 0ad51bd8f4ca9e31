import {
  batchRelatedColumns,
  type Column,
  type RelatedEvent,
  type Table,
} from '../../store/event-batch.ts';
import { IdColumn, InstantColumn, IntegerColumn, OddIds, TextColumn } from './growing-columns.ts';
import type { TupleBook } from './tuple-book.ts';

const textNames = [
  'source_ip',
  'caller_source',
  'request_id',
  'resource_arn',
  'request_parameters',
  'response_elements',
] as const satisfies readonly (keyof RelatedEvent)[];

/** What differs from one event of another service to the next. */
export type RelatedRow = Pick<RelatedEvent, (typeof textNames)[number] | 'record_index'>;

/** The related events of a batch as they grow. */
export class RelatedEncoder {
  readonly event_id = new IdColumn();
  readonly event_time = new InstantColumn();
  readonly #oddIds = new OddIds();
  readonly #record_index = new IntegerColumn();
  readonly #positions = new IntegerColumn();
  readonly #texts = {
    source_ip: new TextColumn(),
    caller_source: new TextColumn(),
    request_id: new TextColumn(),
    resource_arn: new TextColumn(),
    request_parameters: new TextColumn(),
    response_elements: new TextColumn(),
  };
  readonly #actions: TupleBook;
  #rowCount = 0;

  constructor(actions: TupleBook) {
    this.#actions = actions;
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  add(event: RelatedEvent): void {
    const row = this.#rowCount;
    this.event_id.setText(row, event.event_id);
    this.#oddIds.set(row, event.event_id);
    this.event_time.set(row, event.event_time);
    this.endRow(event, this.#actions.numberOf(event));
  }

  /** Ends a row whose id and time are set; takes the number of its action. */
  endRow(rest: RelatedRow, action: number): void {
    const row = this.#rowCount++;
    this.#record_index.set(row, rest.record_index);
    this.#positions.set(row, this.#actions.use(action));
    for (const name of textNames) this.#texts[name].setText(row, rest[name]);
  }

  truncate(rowCount: number): void {
    this.#rowCount = rowCount;
    this.#oddIds.truncate(rowCount);
    this.event_id.truncate(rowCount);
    for (const name of textNames) this.#texts[name].truncate(rowCount);
  }

  finish(): Table {
    const rowCount = this.#rowCount;
    const own: Record<string, Column> = {
      event_id_uuid: this.event_id.finish(rowCount),
      event_id_text: this.#oddIds.finish(rowCount),
      event_time: this.event_time.finish(rowCount),
      action_no: this.#positions.finish(rowCount),
      record_index: this.#record_index.finish(rowCount),
    };
    for (const name of textNames) own[name] = this.#texts[name].finish(rowCount);
    const columns = Object.fromEntries(batchRelatedColumns.map((name) => [name, own[name]!]));
    return { rowCount, columns };
  }
}
