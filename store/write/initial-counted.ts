import type { Table } from '../batch/event-batch.ts';
import type { MappedDictionary } from './mapped-entries.ts';

/**
 * API calls count unless several accounts may have logged them: those `shared` ones are settled in SQL.
 * Both have one byte a row.
 */
export function initialCounted(
  { rowCount, columns }: Table,
  { calls: { apiCalls } }: MappedDictionary,
): { counted: Uint8Array; shared: Uint8Array } {
  const calls = (columns['call_no'] as { data: Int32Array }).data;
  const sharedValid = columns['shared_event_id_uuid']!.valid;
  const counted = new Uint8Array(rowCount);
  const shared = new Uint8Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    const isShared = sharedValid === undefined || sharedValid[row] === 1;
    if (isShared) shared[row] = 1;
    else counted[row] = apiCalls[calls[row]!]!;
  }
  return { counted, shared };
}
