import type { EventBatch, Table } from '../store/batch/event-batch.ts';
import { maskBytes, maskText } from './mask-secrets.ts';

/** The columns that hold JSON as the trail delivered it. */
const jsonColumns = ['request_parameters', 'response_elements'] as const;

/** Overwrites credentials in what a batch is about to hand over: whatever reader made it. */
export function maskBatch(batch: EventBatch): EventBatch {
  maskTable(batch.events);
  maskTable(batch.related);
  for (const reject of batch.rejects) {
    if (reject.record_start !== null) reject.record_start = maskText(reject.record_start);
  }
  return batch;
}

function maskTable({ columns }: Table): void {
  for (const name of jsonColumns) {
    const column = columns[name];
    if (column?.kind === 'text') maskBytes(column.bytes);
  }
}
