// Times the capacity analyses on a generated database: `node bench/queries.mjs [events] [runs] [only]`.
// The database stays in .tmp/ for the next run (or KEYMETER_BENCH_DIR). Writes bench/results-queries.md.
// KEYMETER_BENCH_SHAPE=demo times every analysis with its example on the demo trail, repeated to that size.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { analyses } from '../dist/analytics/registry.js';
import { defaultConfig } from '../dist/core/config.js';
import { DuckDbEngine } from '../dist/store/duckdb/duckdb-engine.js';
import { amplifiedDatabase } from './amplified-database.mjs';
import { queryDatabase } from './query-database.mjs';

const events = Number(process.argv[2] ?? 10_000_000);
const runs = Number(process.argv[3] ?? 5);
const only = process.argv[4]?.split(',');
const threads = 2;
const folder = process.env.KEYMETER_BENCH_DIR ?? fileURLToPath(new URL('../.tmp', import.meta.url));
mkdirSync(folder, { recursive: true });

/** Parameters where the defaults would not make the analysis work. */
const params = {
  'quota-utilisation': [{}, { detail_percent: 0 }, { include_aws_service: false }],
};
const bars_ms = { 'quota-utilisation': 500 };
const bar_ms = 3_000;

const isDemo = process.env.KEYMETER_BENCH_SHAPE === 'demo';
const make = isDemo ? amplifiedDatabase : queryDatabase;
const file_name = isDemo ? `demo-${events}.duckdb` : `queries-${events}.duckdb`;
const database = await make(path.join(folder, file_name), events, threads);
const engine = new DuckDbEngine(database);
const rows = [];
for (const analysis of (await analyses()).values()) {
  if (only ? !only.includes(analysis.name) : !isDemo && analysis.topic !== 'capacity') continue;
  for (const given of params[analysis.name] ?? [isDemo ? analysis.example : {}]) {
    const times = [];
    const cpu = [];
    let found = 0;
    for (let run = 0; run <= runs; run++) {
      const start = performance.now();
      const before = process.cpuUsage();
      found = (await analysis.execute(given, { engine, config: defaultConfig })).rows.length;
      // The first run warms the database's cache.
      if (run === 0) continue;
      times.push(performance.now() - start);
      const used = process.cpuUsage(before);
      cpu.push((used.user + used.system) / 1000);
    }
    times.sort((a, b) => a - b);
    cpu.sort((a, b) => a - b);
    rows.push({
      name: analysis.name,
      given: Object.entries(given)
        .map(([k, v]) => `${k}=${v}`)
        .join(' '),
      median_ms: Math.round(times[Math.floor(times.length / 2)]),
      least_ms: Math.round(times[0]),
      most_ms: Math.round(times.at(-1)),
      cpu_ms: Math.round(cpu[Math.floor(cpu.length / 2)]),
      found,
      bar_ms: Object.keys(given).length === 0 ? (bars_ms[analysis.name] ?? bar_ms) : bar_ms,
    });
    console.log(rows.at(-1));
  }
}
engine.close();
database.close();
if (only) process.exit(0);

const file = fileURLToPath(new URL('./results-queries.md', import.meta.url));
const heading = `## ${events.toLocaleString('en')} events${isDemo ? ', the demo trail repeated' : ''}`;
const section = [
  heading,
  '',
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0].model}, ${threads} threads, load ${loadavg()[0].toFixed(1)}; warm, median of ${runs} runs.`,
  'CPU is the time of all threads: on two cores that nobody shares, a run takes a little more than half of it.',
  '',
  '| analysis | parameters | median ms | least | most | CPU ms | rows | bar ms |',
  '|---|---|---:|---:|---:|---:|---:|---:|',
  ...rows.map(
    (r) =>
      `| ${r.name} | ${r.given || 'defaults'} | ${r.median_ms} | ${r.least_ms} | ${r.most_ms} | ${r.cpu_ms} | ${r.found} | ${r.bar_ms}${r.median_ms > r.bar_ms ? ' (missed)' : ''} |`,
  ),
  '',
].join('\n');
let before =
  '# How long the capacity analyses take\n\nMade by `node bench/queries.mjs EVENTS` over a generated database (bench/query-database.mjs).\n\n';
try {
  before = readFileSync(file, 'utf8');
} catch {
  // The first run writes the file.
}
const sections = before.split(/(?=^## )/m).filter((part) => !part.startsWith(`${heading}\n`));
writeFileSync(file, [...sections, section].join('').replace(/\n{3,}/g, '\n\n'));
