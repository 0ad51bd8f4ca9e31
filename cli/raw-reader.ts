import type { RawRecordReader } from '../api/options.ts';
import { KeymeterError, messageOf } from '../core/errors.ts';
import { InputError } from '../ingest/input-error.ts';
import {
  entryOfObject,
  rawRecord,
  type LedgerEntry,
  type RawRecord,
} from '../ingest/raw-record.ts';
import { openReader } from '../ingest/sources/open-reader.ts';
import { ObjectError, type ObjectReader } from '../ingest/sources/source.ts';
import type { Engine } from '../store/engine.ts';
import { sourceOptions, type S3Flags } from './s3-flags.ts';

/**
 * Reads the original record of a ledger object again. Throws KeymeterError: raw_unavailable (with what
 * to do), raw_changed when the bytes are no longer those that were ingested.
 */
export async function readRaw(
  entry: LedgerEntry,
  record_index: number,
  flags: S3Flags & { unmasked?: boolean },
  signal?: AbortSignal,
): Promise<RawRecord> {
  const reader = await readerFor(entry, flags);
  try {
    const raw = await rawRecord(entry, record_index, reader, {
      unmasked: flags.unmasked ?? false,
      ...(signal ? { signal } : {}),
    });
    if (raw.matches !== false) return raw;
    throw new KeymeterError(
      'raw_changed',
      `${locationOf(entry)} has another SHA-256 than when it was ingested: ${raw.sha256}, then ${entry.content_sha256}`,
      { fix: 'the file was changed since; run `keymeter verify` on its source' },
    );
  } catch (error) {
    if (!(error instanceof ObjectError || error instanceof InputError)) throw error;
    throw new KeymeterError('raw_unavailable', `${locationOf(entry)}: ${messageOf(error)}`, {
      fix: 'the original is read again from where it was ingested: bring it back there, or grant access to it',
      cause: error,
    });
  } finally {
    reader.close();
  }
}

async function readerFor(entry: LedgerEntry, flags: S3Flags): Promise<ObjectReader> {
  if (entry.source !== 's3') return openReader({ source: 'local' });
  const options = sourceOptions(flags);
  // Loaded only when needed: the SDK takes a quarter of a second to load.
  const { resolveRegion } = await import('../ingest/sources/s3-client.ts');
  const region = await resolveRegion(options, entry.bucket);
  return openReader({ source: 's3', ...options, region });
}

export function locationOf(entry: LedgerEntry): string {
  return entry.source === 's3' ? `s3://${entry.bucket}/${entry.key}` : entry.key;
}

/** The reader that the API asks; see api/options.ts. */
export function rawRecordReader(engine: Engine, flags: S3Flags): RawRecordReader {
  return async (object_id, record_index, signal) => {
    const entry = await entryOfObject(engine, object_id);
    if (!entry) {
      throw new KeymeterError('raw_unknown', `no object ${object_id} is in the ledger`, {
        fix: 'take object_id from a row of kms_events',
      });
    }
    const raw = await readRaw(entry, record_index, flags, signal);
    return { location: locationOf(entry), record: JSON.parse(raw.json) as unknown };
  };
}
