import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { KeymeterError } from '../core/errors.ts';
import type { Engine, JsonRow } from '../store/engine.ts';
import { placeOfEvent as lookUpPlace } from '../store/event-lookup.ts';
import { contentOf, content_bytes_max_default } from './gunzip.ts';
import { maskText } from './mask-secrets.ts';
import { utf8Of } from './records/content-form.ts';
import { splitListAt } from './records/json-texts.ts';
import { unwrapText } from './records/unwrap-text.ts';
import type { TextPart } from './records/unwrap.ts';
import type { ListedObject, ObjectReader } from './sources/source.ts';

/** The part of a ledger row that finds an object again and knows its content. */
export interface LedgerEntry extends ListedObject {
  object_id: string;
  /** Lower-case hex over the uncompressed bytes; null when none was taken. */
  content_sha256: string | null;
}

/** Where the record of an event lies. */
export interface RecordPlace {
  entry: LedgerEntry;
  record_index: number;
}

export interface RawRecord {
  /** The record's JSON text. */
  json: string;
  /** True when `json` is the text of the file; false when it was unwrapped and written anew, or masked. */
  exact: boolean;
  /** Lower-case hex over the uncompressed bytes as they are now. */
  sha256: string;
  /** Whether they are the bytes that were ingested; null when the ledger has no hash. */
  matches: boolean | null;
}

const entryColumns = `CAST(o.object_id AS VARCHAR) AS object_id, o.source, o.bucket, o.key, o.version,
    o.size_bytes, o.last_modified_at, o.content_sha256`;

/** Where the original record of an event lies (of a related event too); null when no such event is stored. */
export async function placeOfEvent(engine: Engine, event_id: string): Promise<RecordPlace | null> {
  const place = await lookUpPlace(engine, event_id);
  if (!place) return null;
  const entry = await entryOfObject(engine, place.object_id);
  return entry && { entry, record_index: place.record_index };
}

/** The ledger entry of an object id; null when the ledger has none. */
export async function entryOfObject(
  engine: Engine,
  object_id: string,
): Promise<LedgerEntry | null> {
  const sql = `SELECT ${entryColumns} FROM ingest_objects AS o WHERE CAST(o.object_id AS VARCHAR) = $id`;
  const [row] = await engine.rows(sql, { id: object_id.toLowerCase() });
  return row ? entryOf(row) : null;
}

function entryOf(row: JsonRow): LedgerEntry {
  return {
    object_id: String(row['object_id']),
    source: row['source'] === 's3' ? 's3' : 'local',
    bucket: String(row['bucket']),
    key: String(row['key']),
    version: String(row['version']),
    size_bytes: Number(row['size_bytes']),
    last_modified_at: Date.parse(String(row['last_modified_at'] ?? '1970-01-01T00:00:00Z')),
    content_sha256: row['content_sha256'] === null ? null : String(row['content_sha256']),
  };
}

/**
 * Reads the object again and gives the record at this position, counted as the plain reader counts.
 * Rejects with ObjectError when the object cannot be had any more or has another version, with
 * InputError when its content is no log any more, with KeymeterError record_missing when it is shorter.
 */
export async function rawRecord(
  entry: LedgerEntry,
  record_index: number,
  reader: ObjectReader,
  options: { signal?: AbortSignal; content_bytes_max?: number; unmasked?: boolean } = {},
): Promise<RawRecord> {
  const raw = await reader.read(entry, options.signal);
  const { bytes } = contentOf(raw, options.content_bytes_max ?? content_bytes_max_default);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const matches = entry.content_sha256 === null ? null : entry.content_sha256 === sha256;
  const text = utf8Of(bytes).toString('utf8');
  const found = partAt(text, record_index);
  if ('items' in found) {
    throw new KeymeterError(
      'record_missing',
      `${entry.key} holds ${found.items} records now, none at position ${record_index}`,
      { fix: 'the file was changed after it was ingested; run `keymeter verify` on its source' },
    );
  }
  const { json, exact } = textOf(text, found.part, found.at);
  const shown = options.unmasked ? json : maskText(json);
  return { json: shown, exact: exact && shown === json, sha256, matches };
}

/** The part of a text that holds an item, and the item's place in it; or how many items there are. */
function partAt(text: string, index: number): { part: TextPart; at: number } | { items: number } {
  let items = 0;
  for (const part of unwrapText(text)) {
    if (index < items + part.items.length) return { part, at: index - items };
    items += part.items.length;
  }
  return { items };
}

/** The file's own text of an item where it stands there as such, proven by parsing it again. */
function textOf(text: string, part: TextPart, at: number): { json: string; exact: boolean } {
  const item = part.items[at]!;
  if ('text' in item) return { json: item.text, exact: true };
  if ('foreign' in item) return { json: text.slice(part.from, part.to), exact: true };
  const own = text.slice(part.from, part.to);
  const candidates = [
    part.items.length === 1 ? own : undefined,
    part.items.length === 1 ? own.slice(own.indexOf('{')) : undefined,
    splitListAt(text, part.from)?.[at],
  ];
  for (const candidate of candidates) {
    const json = candidate?.replace(/^\ufeff/, '').trim();
    if (json !== undefined && means(json, item.value)) return { json, exact: true };
  }
  return { json: JSON.stringify(item.value), exact: false };
}

function means(json: string, value: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(json), value);
  } catch {
    return false;
  }
}
