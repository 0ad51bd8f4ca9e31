import { ordered } from './chunk-append.ts';
import { remapped } from './dimension-ids.ts';
import { batchRelatedColumns, type Column, type EventBatch } from '../batch/event-batch.ts';

/** Columns of `related` in the order of its table, with the store's numbers of objects and actions. */
export function relatedColumns(
  batch: EventBatch,
  objectNumbers: readonly number[],
  actions: Int32Array,
): Column[] {
  const { rowCount, columns } = batch.related;
  const object_no = new Int32Array(rowCount);
  batch.objects.forEach((result, i) =>
    object_no.fill(objectNumbers[i]!, result.related_from, result.related_to),
  );
  const named = {
    ...columns,
    action_no: remapped(columns['action_no'] as { data: Int32Array }, actions),
    object_no: { kind: 'integer' as const, data: object_no },
  };
  return ordered({ rowCount, columns: named }, [...batchRelatedColumns, 'object_no']);
}
