import { hash } from 'node:crypto';
import type { Engine } from './engine.ts';
import type { ObjectStatus } from './batch/event-batch.ts';

/** Raise when readers give other values for the same bytes: objects that were dead or skipped are then read again. */
export const readerVersion = 2;

/** An object as the ledger knows it. */
export interface LedgerObject {
  /** UUID text made from the object's identity; see ledgerId. */
  object_id: string;
  /** Its number when the ledger has it already (a dead object that is tried again). */
  object_no?: number;
  source: string;
  bucket: string;
  key: string;
  version: string;
  size_bytes: number;
  /** Milliseconds since the epoch. */
  last_modified_at: number;
  attempts: number;
}

/** What a commit stored for one object: records_total = non_kms + inserted + duplicate + rejected. */
export interface ObjectCounts {
  object_id: string;
  object_no: number;
  status: ObjectStatus;
  records_total: number;
  non_kms: number;
  inserted: number;
  duplicate: number;
  rejected: number;
  conflict: number;
  foreign: number;
  unread_bytes: number;
  /** Where it is, and what is said of it, for the run's summary. */
  place: string;
  error_class: string | null;
  error_detail: string | null;
}

/**
 * The identity of an object: source, bucket, key, version and size, each with its length before it so
 * that no two tuples read alike. An overwritten key is another object.
 */
export function ledgerId(object: {
  source: string;
  bucket: string;
  key: string;
  version: string;
  size_bytes: number;
}): string {
  const { source, bucket, key, version, size_bytes } = object;
  const parts = [source, bucket, key, version, String(size_bytes)];
  const text = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('');
  const hex = hash('sha256', text, 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

export interface KnownObject {
  object_no: number;
  status: string;
  reader_version: number;
  attempts: number;
  error_class: string | null;
  error_detail: string | null;
  unread_bytes: number;
}

/** An object's address as a person writes it. */
export function placeOf({ bucket, key }: { bucket: string; key: string }): string {
  return bucket === '' ? key : `s3://${bucket}/${key}`;
}

/** Ledger entries for these ids, by id. */
export async function knownObjects(
  engine: Engine,
  objectIds: readonly string[],
): Promise<Map<string, KnownObject>> {
  const rows = await engine.rows(
    `SELECT CAST(object_id AS VARCHAR) AS object_id, object_no, status, reader_version, attempts,
       error_class, error_detail, coalesce(unread_bytes, 0) AS unread_bytes
     FROM ingest_objects WHERE object_id IN (SELECT CAST(unnest($ids) AS UUID))`,
    { ids: objectIds },
  );
  return new Map(
    rows.map((row) => [
      String(row['object_id']),
      {
        object_no: Number(row['object_no']),
        status: String(row['status']),
        reader_version: Number(row['reader_version']),
        attempts: Number(row['attempts']),
        error_class: row['error_class'] as string | null,
        error_detail: row['error_detail'] as string | null,
        unread_bytes: Number(row['unread_bytes']),
      },
    ]),
  );
}
