// Streams synthetic calls through the savings replays and records time and memory: both must stay
// linear and flat. Usage: node bench/replay.mjs [millions of rows...]; needs a build (dist/).
// Writes bench/results-replay.md.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { bandSettings } from '../dist/analytics/finops/bucket-replays.js';
import { CacheReplay, cacheEntry } from '../dist/analytics/finops/cache-replay.js';
import { gridSettings } from '../dist/analytics/finops/cache-replays.js';
import { BucketReplay } from '../dist/analytics/finops/read-replay.js';
import { ServiceReplay } from '../dist/analytics/finops/service-replay.js';

/** Rows of one bucket, principal or queue: its state is dropped at the end of it. */
const group_rows = 250_000;

/** A small fixed generator: the same rows in each run. */
function random(seed) {
  let state = seed;
  return () => (state = (state * 1_664_525 + 1_013_904_223) >>> 0) / 4_294_967_296;
}

const replays = {
  'bucket keys, 8 settings': () => {
    const replay = new BucketReplay(bandSettings);
    return {
      add: (next, second) => {
        const role = Math.floor(next() * 4);
        replay.add({
          second,
          is_write: next() < 0.4,
          object: 1 + Math.floor(next() ** 2 * 100_000),
          role,
          session: role * 50 + Math.floor(next() * 50),
          account: 0,
        });
      },
      kept: () => replay.finish().after[0].after.writes,
    };
  },
  'data-key caching, 16 settings': () => {
    const replay = new CacheReplay(gridSettings, 1_000);
    return {
      add: (next, second) => {
        const tenant = Math.floor(next() * 200);
        const is_encrypt = next() < 0.6;
        const message = Math.floor(next() * 1_000_000);
        const context = `{"aws-crypto-public-key":"A${message}==","tenant":"t${tenant}"}`;
        replay.add({
          second,
          entry: cacheEntry(is_encrypt, context),
          is_encrypt,
          process: `session-${Math.floor(next() * 20)}`,
        });
      },
      kept: () => replay.finish()[0].kept,
    };
  },
  'service levers, one setting': () => {
    const replay = new ServiceReplay({ target_seconds: 3_600, current_seconds: 300 });
    return {
      add: (next, second) => {
        const item = next() < 0.5 ? 1 : 2;
        replay.add({ second, item, client: item * 500 + Math.floor(next() * 500) });
      },
      kept: () => replay.finish().calls_after_high,
    };
  },
};

function measure(make, rows) {
  const next = random(1);
  let rss_peak = 0;
  let kept = 0;
  const started = performance.now();
  const cpu = process.cpuUsage();
  for (let done = 0; done < rows; done += group_rows) {
    const group = make();
    const count = Math.min(group_rows, rows - done);
    for (let row = 0; row < count; row++) group.add(next, 1_760_000_000 + Math.floor(row / 5));
    kept += group.kept();
    rss_peak = Math.max(rss_peak, process.memoryUsage().rss);
  }
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - started) / 1_000;
  return { seconds, cpu_seconds: (user + system) / 1_000_000, rss_peak, kept };
}

const sizes = process.argv.slice(2).map(Number);
if (sizes.length === 0) sizes.push(1, 5);
const lines = [
  '# Savings replays: time and memory',
  '',
  `Made by \`node bench/replay.mjs ${sizes.join(' ')}\` on ${new Date().toISOString().slice(0, 10)}, Node ${process.version},`,
  `${cpus().length} x ${cpus()[0].model.trim()}. One thread; rows are generated in the same loop, groups of ${group_rows} rows.`,
  'Rows a CPU second (the machine was shared) must not fall as the stream grows (linear time), and the peak of the resident set must not',
  'grow with it (flat memory). The sum of kept calls is shown so that the work cannot be left out.',
  '',
  '| Replay | Rows | Seconds | CPU seconds | Rows a CPU second | RSS peak, MB | Kept |',
  '|---|---|---|---|---|---|---|',
];
const results = fileURLToPath(new URL('./results-replay.md', import.meta.url));
for (const millions of sizes) {
  for (const [name, make] of Object.entries(replays)) {
    const rows = millions * 1_000_000;
    const { seconds, cpu_seconds, rss_peak, kept } = measure(make, rows);
    const cells = [
      name,
      rows,
      seconds.toFixed(1),
      cpu_seconds.toFixed(1),
      Math.round(rows / cpu_seconds),
      Math.round(rss_peak / 1_048_576),
      kept,
    ];
    lines.push(`| ${cells.join(' | ')} |`);
    console.log(lines.at(-1));
    writeFileSync(results, `${lines.join('\n')}\n`);
  }
}
