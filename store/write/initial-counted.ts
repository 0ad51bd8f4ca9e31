import type { Column, EventBatch } from '../batch/event-batch.ts';

/**
 * API calls count unless several accounts may have logged them: those `shared` ones are settled in SQL.
 * Both have one byte a row.
 */
export function initialCounted(batch: EventBatch): { counted: Uint8Array; shared: Uint8Array } {
  const eventType = batch.dimensions.calls.columns['event_type'] as Column & { kind: 'text' };
  const isApiCall = Array.from({ length: batch.dimensions.calls.rowCount }, (_, i) => {
    if (eventType.valid?.[i] === 0) return false;
    const bytes = eventType.bytes.subarray(eventType.offsets[i], eventType.offsets[i + 1]);
    return Buffer.from(bytes).toString('latin1') === 'AwsApiCall';
  });
  const calls = (batch.events.columns['call_no'] as { data: Int32Array }).data;
  const sharedValid = batch.events.columns['shared_event_id_uuid']!.valid;
  const counted = new Uint8Array(batch.events.rowCount);
  const shared = new Uint8Array(batch.events.rowCount);
  for (let row = 0; row < counted.length; row++) {
    const isShared = sharedValid === undefined || sharedValid[row] === 1;
    if (isShared) shared[row] = 1;
    counted[row] = isApiCall[calls[row]!] && !isShared ? 1 : 0;
  }
  return { counted, shared };
}
