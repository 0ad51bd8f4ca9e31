import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateDemoTrail, demoConfigFile } from '../../demo/generate.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import { openDatabase } from '../../store/database.ts';

/** A demo trail on disk, ingested into a database file that is closed again. */
export interface DemoDatabase {
  directory: string;
  trail: string;
  database: string;
  configFile: string;
  remove(): void;
}

export async function demoDatabase(seed = 1): Promise<DemoDatabase> {
  const directory = mkdtempSync(join(tmpdir(), 'keymeter-demo-database-'));
  const trail = join(directory, 'trail');
  await generateDemoTrail(trail, { seed });
  const file = join(directory, 'demo.duckdb');
  const database = await openDatabase(file);
  try {
    await ingest(database, [await openSource(trail, {})], { workers: 1 });
  } finally {
    database.close();
  }
  return {
    directory,
    trail,
    database: file,
    configFile: join(trail, demoConfigFile),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
