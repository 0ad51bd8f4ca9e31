import type { ObjectCounts } from './ledger.ts';
import type { GroupItem } from './writer.ts';

/** What went into events, and what stood there with other content, by object number. */
export interface FreshCounts {
  inserted: Map<number, number>;
  conflict: Map<number, number>;
}

/** Ledger counts of every object of a group. */
export function countObjects(
  group: readonly GroupItem[],
  objectNumbers: readonly number[][],
  fresh: FreshCounts,
): ObjectCounts[] {
  return group.flatMap((item, g) =>
    item.batch.objects.map((result, i) => {
      if (result.status === 'transient') throw new Error('transient results are not stored');
      const object_no = objectNumbers[g]![i]!;
      const rows = result.row_to - result.row_from;
      const inserted = fresh.inserted.get(object_no) ?? 0;
      const rejected = item.batch.rejects.filter((r) => r.task_index === result.task_index).length;
      return {
        object_id: item.objects[result.task_index]!.object_id,
        object_no,
        status: result.status,
        records_total: result.records_total,
        non_kms: result.non_kms,
        inserted,
        duplicate: rows - inserted,
        rejected,
        conflict: fresh.conflict.get(object_no) ?? 0,
      };
    }),
  );
}
