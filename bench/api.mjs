// Times what the Overview asks, over a generated database: `node bench/api.mjs [events] [runs]`. Needs
// `node scripts/build.mjs` before it. The database is that of bench/queries.mjs. Writes
// bench/results-api.md.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { analyses } from '../dist/analytics/registry.js';
import { serve } from '../dist/api/listen.js';
import { overviewQueries } from '../dist/api/warm-overview.js';
import { defaultConfig } from '../dist/core/config.js';
import { DuckDbEngine } from '../dist/store/duckdb/duckdb-engine.js';
import { queryDatabase } from './query-database.mjs';

const events = Number(process.argv[2] ?? 10_000_000);
const runs = Number(process.argv[3] ?? 5);
const threads = 2;
const bar_ms = 300;
/** Who takes longer than this once is not run again: its one figure says enough. */
const once_ms = 30_000;
const folder = process.env.KEYMETER_BENCH_DIR ?? fileURLToPath(new URL('../.tmp', import.meta.url));
mkdirSync(folder, { recursive: true });
const database = await queryDatabase(
  path.join(folder, `queries-${events}.duckdb`),
  events,
  threads,
);

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];

/** Median wall and CPU milliseconds of `work`, and how often it ran. */
async function timed(work) {
  const wall = [];
  const cpu = [];
  for (let run = 0; run < runs; run++) {
    const before = process.cpuUsage();
    const started = performance.now();
    await work();
    wall.push(performance.now() - started);
    const used = process.cpuUsage(before);
    cpu.push((used.user + used.system) / 1000);
    if (wall[0] > once_ms) break;
  }
  return { wall_ms: median(wall), cpu_ms: median(cpu), runs: wall.length };
}

const registry = await analyses();
const rows = [];
for (const query of overviewQueries) {
  const [name, search] = query.split('?');
  const raw = Object.fromEntries(new URLSearchParams(search));
  const engine = new DuckDbEngine(database);
  const context = (of) => ({ engine: of, config: defaultConfig });
  const cold = await timed(() =>
    engine.snapshot((snapshot) => registry.get(name).execute(raw, context(snapshot))),
  );
  // A server that has nothing ready yet: the first asking computes, the others find the answer.
  const server = await serve({ engine, config: defaultConfig, port: 0, wait_ms: 600_000 });
  const ask = async () => {
    const response = await fetch(`${server.url}/api/v1/analyses/${query}`);
    if (!response.ok) throw new Error(`${query}: ${response.status} ${await response.text()}`);
    return (await response.arrayBuffer()).byteLength;
  };
  const started = performance.now();
  const bytes = await ask();
  const first_ms = performance.now() - started;
  const warm = await timed(ask);
  await server.close();
  engine.close();
  rows.push({ query, cold, first_ms, warm, bytes });
  console.log(query, JSON.stringify(rows.at(-1)));
}
database.close();

const ms = (value) => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en'));
const file = fileURLToPath(new URL('./results-api.md', import.meta.url));
const heading = `## ${events.toLocaleString('en')} events`;
const within = rows.filter((row) => row.cold.wall_ms <= bar_ms).length;
const prepared_s = rows.reduce((sum, row) => sum + row.first_ms, 0) / 1_000;
const section = [
  heading,
  '',
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0].model}, ${threads} threads, load ${loadavg()[0].toFixed(1)}; medians of ${runs} runs (of one where it takes over ${once_ms / 1_000} s).`,
  'Cold: the analysis alone, nothing kept but the database file in memory; its CPU is of all threads. First: over HTTP, nothing ready.',
  'Warm: over HTTP once the answer is ready, which is what the page meets.',
  '',
  '| what the Overview asks | cold ms | cold CPU ms | first over HTTP ms | warm over HTTP ms | KB |',
  '|---|---:|---:|---:|---:|---:|',
  ...rows.map(
    ({ query, cold, first_ms, warm, bytes }) =>
      `| \`${query}\` | ${ms(cold.wall_ms)}${cold.wall_ms > bar_ms ? ' (over)' : ''} | ${ms(cold.cpu_ms)} | ${ms(first_ms)} | ${ms(warm.wall_ms)}${warm.wall_ms > bar_ms ? ' (missed)' : ''} | ${Math.round(bytes / 1024)} |`,
  ),
  '',
  `The bar is ${bar_ms} ms a call: ${within} of ${rows.length} meet it cold, ${rows.filter((row) => row.warm.wall_ms <= bar_ms).length} of ${rows.length} warm. The server computes all of them when it starts and after each change of the data, ${Math.round(prepared_s)} s in all here; who asks before that is told that the answer is being computed (docs/api.md).`,
  '',
].join('\n');
let before =
  '# How long the Overview waits\n\nMade by `node bench/api.mjs EVENTS` over a generated database (bench/query-database.mjs), whose calls, principals and keys are drawn\nindependently of each other: nearly every event is a combination of its own, which is the worst case for counting by combination. Its ledger holds one object, so coverage has nothing to count.\n\n';
try {
  before = readFileSync(file, 'utf8');
} catch {
  // The first run writes the file.
}
const sections = before.split(/(?=^## )/m).filter((part) => !part.startsWith(`${heading}\n`));
writeFileSync(file, [...sections, section].join('').replace(/\n{3,}/g, '\n\n'));
