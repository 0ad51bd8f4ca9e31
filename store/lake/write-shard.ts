import { createReadStream, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { Database } from '../database.ts';
import type { LakeFiles } from './lake-files.ts';
import { manifestFolder, type Manifest, type Part } from './manifests.ts';
import {
  ledgerColumns,
  rawEventColumns,
  rejectColumns,
  relatedColumns,
  retryColumns,
  runColumns,
  verifiedColumns,
  type LakeColumn,
} from './layout.ts';

interface Source {
  relation: string;
  columns: readonly LakeColumn[];
  from: string;
  daily: boolean;
}

/** What a database gives to a lake. Texts of ids: Parquet's UUID is bytes to other engines. */
const sources: readonly Source[] = [
  { relation: 'kms_events', columns: rawEventColumns, from: 'kms_events', daily: true },
  { relation: 'related_events', columns: relatedColumns, from: 'related_events', daily: true },
  { relation: 'ingest_objects', columns: ledgerColumns, from: 'ingest_objects', daily: false },
  {
    relation: 'ingest_rejects',
    columns: rejectColumns,
    from: `(SELECT o.object_id, r.* FROM ingest_rejects AS r
      JOIN ingest_objects AS o ON o.object_no = r.object_no)`,
    daily: false,
  },
  { relation: 'ingest_retries', columns: retryColumns, from: 'ingest_retries', daily: false },
  { relation: 'ingest_runs', columns: runColumns, from: 'ingest_runs', daily: false },
  { relation: 'verified_hours', columns: verifiedColumns, from: 'verified_hours', daily: false },
];

/**
 * Writes all that a database holds into a lake as one shard: Parquet parts by day of event time, then the
 * manifest that names them. A shard that is written again takes the place of what it wrote before; until
 * the manifest is there, nothing of it is.
 */
export async function writeShard(
  database: Database,
  lake: LakeFiles,
  shard: string,
): Promise<Manifest> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-shard-'));
  const connection = await database.connect();
  try {
    const parts: Part[] = [];
    for (const source of sources) {
      const folder = path.join(scratch, source.relation);
      await copyOut(connection, source, folder);
      for (const { day, file } of partFiles(folder)) {
        parts.push(await putPart(connection, lake, shard, { source, day, file }));
      }
    }
    const events = parts
      .filter(({ relation }) => relation === 'kms_events')
      .reduce((sum, { rows }) => sum + rows, 0);
    const manifest = { shard, written_at: new Date().toISOString(), events, parts };
    await lake.put(
      `${manifestFolder}${shard}.json`,
      Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`),
    );
    return manifest;
  } finally {
    connection.closeSync();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function copyOut(
  connection: DuckDBConnection,
  { columns, from, daily }: Source,
  folder: string,
): Promise<void> {
  const selected = columns.map(({ name, type }) => `CAST(${name} AS ${type}) AS ${name}`);
  if (daily) selected.unshift(`strftime(event_time, '%Y-%m-%d') AS day`);
  const order = daily ? ' ORDER BY event_time' : '';
  const partition = daily ? ', PARTITION_BY (day)' : '';
  const target = daily ? folder : path.join(folder, 'part.parquet');
  if (!daily) mkdirSync(folder, { recursive: true });
  await connection.run(
    `COPY (SELECT ${selected.join(', ')} FROM ${from}${order})
     TO '${target.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd${partition})`,
  );
}

/** The files that a COPY wrote, with the days that their folders name. */
function partFiles(folder: string): { day: string | null; file: string }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.parquet'))
    .sort()
    .map((name) => ({
      day: /day=(\d{4}-\d\d-\d\d)/.exec(name)?.[1] ?? null,
      file: path.join(folder, name),
    }));
}

/** A part's name holds a hash of its bytes: what a manifest names never changes under it. */
async function putPart(
  connection: DuckDBConnection,
  lake: LakeFiles,
  shard: string,
  { source, day, file }: { source: Source; day: string | null; file: string },
): Promise<Part> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const name = `${shard}-${hash.digest('hex').slice(0, 12)}.parquet`;
  const counted = await connection.runAndReadAll(
    `SELECT count(*) FROM read_parquet('${file.replaceAll("'", "''")}')`,
  );
  const place = day === null ? '' : `day=${day}/`;
  const part = {
    relation: source.relation,
    day,
    path: `raw/${source.relation}/${place}${name}`,
    rows: Number(counted.getRows()[0]![0]),
    bytes: statSync(file).size,
  };
  await lake.putFile(part.path, file);
  return part;
}
