import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import type { ListedObject, Listing, Source } from '../../ingest/sources/source.ts';
import { openDatabase } from '../../store/database.ts';
import type { Engine } from '../../store/engine.ts';
import { writeShard, type LakeFiles } from '../../store/lake-access.ts';

/** All objects that a source lists, in the order of their names. */
export async function listedObjects(directory: string): Promise<ListedObject[]> {
  const source = await openSource(directory);
  const listed: ListedObject[] = [];
  for await (const one of source.list({}, new AbortController().signal)) {
    if ('version' in one) listed.push(one);
  }
  return listed.sort((a, b) => (a.key < b.key ? -1 : 1));
}

export const sourceOf = (objects: readonly ListedObject[]): Source => ({
  description: 'a shard',
  reader: { source: 'local' },
  list: async function* (): AsyncGenerator<Listing> {
    yield* objects;
  },
});

/** Reads objects into a database of their own and writes it into the lake, as `keymeter lake write` does. */
export async function writeObjects(
  lake: LakeFiles,
  shard: string,
  objects: readonly ListedObject[],
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'keymeter-test-shard-'));
  const database = await openDatabase(path.join(folder, 'shard.duckdb'));
  try {
    await ingest(database, [sourceOf(objects)], { workers: 1, related_groups: [] });
    await writeShard(database, lake, shard);
  } finally {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * What a store answers, whoever wrote it. Which copy of an event that two objects hold is kept depends on
 * the order of arrival, so an event's place is left out, and what each object inserted is summed.
 */
export async function storedContent(engine: Engine): Promise<Record<string, unknown>> {
  const { kmsEventColumns } = await import('../../store/relations.ts');
  const columns = kmsEventColumns
    .map(({ name }) => name)
    .filter((name) => !['object_id', 'record_index'].includes(name))
    .join(', ');
  return {
    events: await engine.rows(
      `SELECT ${columns} FROM kms_events ORDER BY event_time, event_id, account_id`,
    ),
    seconds: await engine.rows(
      `SELECT second, caller_account_id, region, quota_id, custom_key_store_id, offered, throttled, denied,
         failed, aws_service_offered, aws_service_throttled FROM calls_per_second
       ORDER BY second, caller_account_id, region, quota_id, custom_key_store_id`,
    ),
    scopes: await engine.rows(
      `SELECT caller_account_id, region, quota_id, custom_key_store_id FROM quota_scopes
       ORDER BY caller_account_id, region, quota_id, custom_key_store_id`,
    ),
    charges: await engine.rows('SELECT count(*) AS n, sum(units) AS units FROM quota_charges'),
    charged: await engine.rows('SELECT count(*) AS n, sum(units) AS units FROM charged_calls'),
    objects: await engine.rows(
      `SELECT CAST(object_id AS VARCHAR) AS object_id, status, records_total, non_kms, rejected,
         inserted + duplicate AS kms FROM ingest_objects ORDER BY object_id`,
    ),
    inserted: await engine.rows('SELECT sum(inserted) AS n FROM ingest_objects'),
    related: await engine.rows('SELECT count(*) AS n FROM related_events'),
  };
}
