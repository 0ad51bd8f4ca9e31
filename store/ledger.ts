import { hash } from 'node:crypto';
import type { Engine } from './engine.ts';
import type { ObjectStatus } from './batch/event-batch.ts';

/** Raise when readers give other values for the same bytes: old dead objects are then read again. */
export const readerVersion = 1;

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
}

/** Ledger entries for these ids, by id. */
export async function knownObjects(
  engine: Engine,
  objectIds: readonly string[],
): Promise<Map<string, KnownObject>> {
  const rows = await engine.rows(
    `SELECT CAST(object_id AS VARCHAR) AS object_id, object_no, status, reader_version, attempts
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
      },
    ]),
  );
}
