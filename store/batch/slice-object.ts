import type { Column, Table } from './event-batch.ts';
import type { GroupItem } from '../write/writer.ts';

/** One object of a batch as a batch of its own (with all of the batch's deltas). */
export function sliceObject(
  item: GroupItem,
  taskIndex: number,
  options: { withoutRows?: boolean } = {},
): GroupItem {
  const result = item.batch.objects.find((object) => object.task_index === taskIndex);
  if (!result) throw new Error(`batch has no object ${taskIndex}`);
  const rowTo = options.withoutRows ? result.row_from : result.row_to;
  const relatedTo = options.withoutRows ? result.related_from : result.related_to;
  const own = <T extends { task_index: number }>(values: readonly T[]) =>
    options.withoutRows
      ? []
      : values.filter((v) => v.task_index === taskIndex).map((v) => ({ ...v, task_index: 0 }));
  return {
    objects: [item.objects[taskIndex]!],
    batch: {
      objects: [
        {
          ...result,
          task_index: 0,
          row_from: 0,
          row_to: rowTo - result.row_from,
          related_from: 0,
          related_to: relatedTo - result.related_from,
        },
      ],
      events: sliceTable(item.batch.events, result.row_from, rowTo),
      related: sliceTable(item.batch.related, result.related_from, relatedTo),
      dictionary: item.batch.dictionary,
      deltas: item.batch.deltas,
      rejects: own(item.batch.rejects),
    },
  };
}

export function sliceTable(table: Table, from: number, to: number): Table {
  const columns = Object.entries(table.columns).map(([name, column]): [string, Column] => [
    name,
    sliceColumn(column, from, to),
  ]);
  return { rowCount: to - from, columns: Object.fromEntries(columns) };
}

function sliceColumn(column: Column, from: number, to: number): Column {
  const own = column.valid?.subarray(from, to);
  // What was null may stand outside of the slice.
  const valid = own?.includes(0) ? { valid: own } : {};
  switch (column.kind) {
    case 'text':
      return {
        kind: 'text',
        bytes: column.bytes.subarray(0, column.offsets[to]),
        offsets: column.offsets.subarray(from, to + 1),
        ...valid,
      };
    case 'uuid':
      return { kind: 'uuid', data: column.data.subarray(from * 16, to * 16), ...valid };
    case 'timestamp':
      return { kind: 'timestamp', data: column.data.subarray(from, to), ...valid };
    case 'bigint':
      return { kind: 'bigint', data: column.data.subarray(from, to), ...valid };
    case 'integer':
      return { kind: 'integer', data: column.data.subarray(from, to), ...valid };
    case 'boolean':
      return { kind: 'boolean', data: column.data.subarray(from, to), ...valid };
  }
}
