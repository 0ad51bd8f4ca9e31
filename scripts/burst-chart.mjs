// Draws docs/img/one-second-burst.svg from the demo trail: `node scripts/burst-chart.mjs` after a build.
// test/demo-capacity-answers.test.ts holds the file against the same trail.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { demoBurstChart } from '../dist/demo/burst-chart.js';
import { generateDemoTrail } from '../dist/demo/generate.js';
import { ingest } from '../dist/ingest/ingest.js';
import { openSource } from '../dist/ingest/sources/open-source.js';
import { openDatabase } from '../dist/store/database.js';
import { DuckDbEngine } from '../dist/store/duckdb/duckdb-engine.js';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-burst-chart-'));
try {
  const trail = path.join(scratch, 'trail');
  const truth = await generateDemoTrail(trail, { seed: 5 });
  const database = await openDatabase(path.join(scratch, 'demo.duckdb'));
  await ingest(database, [await openSource(trail, {})], { workers: 1 });
  const engine = new DuckDbEngine(database);
  const file = fileURLToPath(new URL('../docs/img/one-second-burst.svg', import.meta.url));
  writeFileSync(file, await demoBurstChart(engine, truth.situations.one_second_bursts));
  engine.close();
  database.close();
} finally {
  rmSync(scratch, { recursive: true });
}
