import { placeOf, type ObjectCounts } from '../ledger.ts';
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
  return group.flatMap((item, g) => {
    const rejects = new Map<number, number>();
    for (const { task_index } of item.batch.rejects) {
      rejects.set(task_index, (rejects.get(task_index) ?? 0) + 1);
    }
    return item.batch.objects.map((result, i) => {
      if (result.status === 'transient') throw new Error('transient results are not stored');
      const listed = item.objects[result.task_index]!;
      const object_no = objectNumbers[g]![i]!;
      const rows = result.row_to - result.row_from;
      const inserted = fresh.inserted.get(object_no) ?? 0;
      return {
        object_id: listed.object_id,
        object_no,
        status: result.status,
        records_total: result.records_total,
        non_kms: result.non_kms,
        inserted,
        duplicate: rows - inserted,
        rejected: rejects.get(result.task_index) ?? 0,
        conflict: fresh.conflict.get(object_no) ?? 0,
        foreign: result.foreign,
        unread_bytes: result.unread_bytes,
        place: placeOf(listed),
        error_class: result.error_class,
        error_detail: result.error_detail,
      };
    });
  });
}
