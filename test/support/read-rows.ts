import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { BatchEncoder } from '../../store/batch/batch-encoder.ts';
import type { KmsEvent } from '../../store/relations.ts';
import { InputError } from '../../ingest/input-error.ts';
import { pathFactsOf } from '../../ingest/path-facts.ts';
import { readPlain, type ReadCounts, type RecordSink } from '../../ingest/records/plain-reader.ts';

/** An encoder that keeps the rows as they came. */
class RowKeeper extends BatchEncoder {
  readonly rows: KmsEvent[] = [];

  override add(event: KmsEvent): void {
    this.rows.push(event);
  }
}

export interface ReadRows {
  rows: KmsEvent[];
  counts: ReadCounts;
  rejects: RecordSink['rejects'];
}

/** The plain reader's rows of some bytes, duplicates included. Throws InputError. */
export function readRows(content: Buffer, key = ''): ReadRows {
  const encoder = new RowKeeper();
  const sink: RecordSink = { encoder, rejects: [] };
  const counts = readPlain(content, pathFactsOf(key), sink);
  return { rows: encoder.rows, counts, rejects: sink.rejects };
}

/** All .json.gz files under a folder, sorted. */
export function logFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json.gz'))
    .sort()
    .map((file) => path.join(folder, file));
}

/** Rows of all logs under a folder; look-alikes and refused files are left out. */
export function readFolder(folder: string): KmsEvent[] {
  return logFiles(folder).flatMap((file) => {
    try {
      return readRows(gunzipSync(readFileSync(file)), file).rows;
    } catch (error) {
      if (error instanceof InputError) return [];
      throw error;
    }
  });
}
