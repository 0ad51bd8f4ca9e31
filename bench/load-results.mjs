import { quantile } from './load-clients.mjs';

const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return (sorted[Math.floor(half)] + sorted[Math.ceil(half)]) / 2;
};
const s = (value) => value.toFixed(1);
const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** bench/results-load.md. */
export function loadResults({ machine, duckdb, trail, requests, clients, alone, loaded, same }) {
  const wall = (runs) => median(runs.map((run) => run.wall_s));
  const cpu = (runs) => median(runs.map((run) => run.cpu_s));
  // Each run with clients against the run alone just before it: other work on the machine comes and goes.
  const slower = (pick) => {
    const shares = loaded.map((run, i) => pick(run) / pick(alone[i]) - 1);
    return `${percent(median(shares))} (${shares.map(percent).join(', ')})`;
  };
  const kinds = [...new Set(loaded.flatMap(({ load }) => [...load.latencies.keys()]))];
  const faults = loaded.flatMap(({ load }) => load.faults);
  const counts = (pick) => loaded.map(({ load }) => pick(load)).join(', ');
  const latency = (name, values) =>
    `| ${name} | ${values.length} | ${quantile(values, 0.5)} | ${quantile(values, 0.99)} | ${quantile(values, 1)} |`;
  const of = (kind) => loaded.flatMap(({ load }) => load.latencies.get(kind) ?? []);
  return `# The API while an ingest runs

Made by \`node bench/load.mjs\`: \`keymeter up\` ingests ${trail.kms_records.toLocaleString('en')} KMS events in ${trail.files.toLocaleString('en')} files (${Math.round(trail.gzip_bytes / 1e6)} MB compressed) and serves
from the same process, once alone and once while ${clients} clients send ${requests.toLocaleString('en')} requests, in turns. The clients
are a closed loop (one request each at a time) with a think time that spreads the requests over four fifths of the time that the ingest
takes alone; they run on the same cores and take their share of them. The mix: 40 % what the Overview asks (and two more totals),
15 % of one key, 10 % of one principal, 10 % each ledger pages and ingest status, 9 % health and runs, 6 % single events.

- ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC
- ${machine}
- Node ${process.version}, @duckdb/node-api ${duckdb}

| ingest | wall s, median (each) | CPU s of the process, median (each) | peak RSS MiB |
|---|---:|---:|---:|
| alone | ${s(wall(alone))} (${alone.map((run) => s(run.wall_s)).join(', ')}) | ${s(cpu(alone))} (${alone.map((run) => s(run.cpu_s)).join(', ')}) | ${Math.max(...alone.map((run) => run.rss_mib))} |
| with ${clients} clients | ${s(wall(loaded))} (${loaded.map((run) => s(run.wall_s)).join(', ')}) | ${s(cpu(loaded))} (${loaded.map((run) => s(run.cpu_s)).join(', ')}) | ${Math.max(...loaded.map((run) => run.rss_mib))} |
| slower by, median of the pairs (each) | ${slower((run) => run.wall_s)} (bar: 25 %) | ${slower((run) => run.cpu_s)}, answers included | |

| request | answers | p50 ms | p99 ms | most ms |
|---|---:|---:|---:|---:|
${kinds.map((kind) => latency(kind, of(kind))).join('\n')}
${latency('**all**', kinds.flatMap(of))}

- Requests a second: ${counts((load) => s(requests / load.elapsed_s))}; of ${requests.toLocaleString('en')} asked before the ingest had ended: ${counts((load) => load.in_ingest)}.
- Statuses: ${counts((load) => JSON.stringify(Object.fromEntries(load.statuses)))}. Faults: ${faults.length}${faults.length > 0 ? ` (${faults.slice(0, 5).join('; ')})` : ''}.
- Answers of earlier data, which say so: ${counts((load) => load.older)}. Versions of the data that totals were told of: ${counts((load) => load.versions.size)}.
- Checked in every answer: the JSON is whole; its version is that of its header; its calls are whole log files (a transaction seen in
  part would not be); all totals of one version are equal, by day, hour, key, principal, service, quota and price; a later version has
  no fewer; every object of the ledger is whole. The finished databases of all runs ${same ? 'give the same answers' : '**DIFFER**'}.
- Other work may share the machine, so each run with clients is held against the run alone just before it. By the process' CPU the
  answers cost ${s(cpu(loaded) - cpu(alone))} s, ${(((cpu(loaded) - cpu(alone)) * 1_000) / requests).toFixed(1)} ms a request: an ingest alone leaves part of the cores idle, and the answers take that first.
- Small queries (ledger, runs, single events) wait longest: DuckDB begins no transaction while it commits one, and the ingest commits
  nearly all the time.
`;
}
