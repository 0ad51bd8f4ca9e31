// Ingests about 5 million KMS events, alone and while 32 clients ask the API of the same process, in
// turns: `node bench/load.mjs [rounds] [--quick]`. Needs `node scripts/build.mjs` before it. The trail
// stays in .cache/bench-data (or KEYMETER_BENCH_DIR) for the next run. Writes bench/results-load.md.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { LoadClients } from './load-clients.mjs';
import { loadResults } from './load-results.mjs';
import { startUp } from './load-server.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
execFileSync(
  process.execPath,
  [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.bench.json'],
  { cwd: root, stdio: 'inherit' },
);
const { dataSet } = await import(path.join(root, '.cache/bench/bench/data.js'));

const quick = process.argv.includes('--quick');
const rounds = Number(process.argv[2]) || (quick ? 1 : 3);
const recordsPerFile = 1_000;
const files = quick ? 1_000 : 5_000;
const requests = quick ? 2_000 : 10_000;
const clients = 32;

const cache = process.env.KEYMETER_BENCH_DIR ?? path.join(root, '.cache/bench-data');
mkdirSync(cache, { recursive: true });
const trail = await dataSet(cache, 'load', { set: 'kms', files, recordsPerFile });
const scratch = mkdtempSync(path.join(cache, 'load-'));

/** What the finished databases must agree on. */
const finals = ['call-rates?bin=day', 'key-usage?limit=10000', 'quota-utilisation'];

async function run(name, load) {
  const server = await startUp({ root, trail: trail.directory, scratch, name });
  try {
    const asking = load?.start(server.url);
    const ended = await server.ingested();
    if (asking) {
      load.ingestEnded();
      await asking;
    }
    const found = [];
    for (const query of finals) found.push((await server.answer(query)).rows);
    console.log(
      `${name}: ${ended.wall_s.toFixed(1)} s, CPU ${ended.cpu_s.toFixed(1)} s, ${JSON.stringify(load?.summary() ?? {})}`,
    );
    for (const line of server.log().slice(0, 10)) console.log(line.slice(0, 1_000));
    return { ...ended, found: JSON.stringify(found) };
  } finally {
    await server.stop();
  }
}

const alone = [];
const loaded = [];
const load_before = loadavg()[0];
try {
  for (let round = 0; round < rounds; round++) {
    alone.push(await run(`alone-${round}`));
    // The requests are spread over four fifths of the time that the ingest took by itself.
    const spread_s = 0.8 * Math.min(...alone.map((ended) => ended.wall_s));
    const load = new LoadClients({ clients, requests, spread_s, recordsPerFile, seed: round });
    loaded.push({ ...(await run(`asked-${round}`, load)), load });
  }
} finally {
  rmSync(scratch, { recursive: true });
}

const same = new Set([...alone, ...loaded].map(({ found }) => found)).size === 1;
const text = loadResults({
  machine: `${cpus()[0].model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB; load average ${load_before.toFixed(1)} before, ${loadavg()[0].toFixed(1)} after`,
  duckdb: JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).dependencies[
    '@duckdb/node-api'
  ],
  trail: trail.summary,
  requests,
  clients,
  alone,
  loaded,
  same,
});
console.log(text);
if (!quick) writeFileSync(path.join(root, 'bench/results-load.md'), text);
process.exit(same && loaded.every(({ load }) => load.faults.length === 0) ? 0 : 1);
