import type { ScannedRows } from '../../ingest/scanner/scanned-rows.ts';
import type { Scanner } from '../../ingest/scanner/scanner.ts';

export type Json = Record<string, unknown>;

/** The rows of a file that must be scannable. */
export function scanned(scanner: Scanner, file: string | Uint8Array): ScannedRows {
  const result = scanner.scan(Buffer.from(file as string));
  if (!result.ok) throw new Error(`${result.reason} at ${result.offset}`);
  return result;
}

export function kms(fields: Json = {}): Json {
  return {
    eventVersion: '1.11',
    eventTime: '2026-02-28T23:59:59Z',
    eventSource: 'kms.amazonaws.com',
    eventName: 'Decrypt',
    eventID: '01234567-89ab-cdef-fedc-ba9876543210',
    ...fields,
  };
}

export function other(fields: Json = {}): Json {
  return kms({ eventSource: 's3.amazonaws.com', eventName: 'GetObject', ...fields });
}
