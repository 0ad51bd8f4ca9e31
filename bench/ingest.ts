import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import path from 'node:path';
import { amplifiedSet, type Amplified } from './amplified.ts';
import { installChdb } from './chdb-install.ts';
import { runChild, type Run } from './child.ts';
import { measureCurves, type Point } from './curves.ts';
import { dataSet, type DataSet } from './data.ts';
import { measure, type Measured } from './measure.ts';
import { resultsText } from './results.ts';
import { runFromS3, type S3Run } from './s3-side.ts';
import { keymeter, type Places, type SideName } from './sides.ts';
import type { TrailOptions } from './trail.ts';

type MadeName = 'mid' | 'random' | 'small' | 'noise' | 'features' | 'organisation';
type RealName = 'real-big' | 'real-small';
type SetName = MadeName | RealName;

const realSets: Record<'full' | 'quick', Record<RealName, Amplified>> = {
  full: { 'real-big': { shape: 'big', copies: 20 }, 'real-small': { shape: 'small', copies: 8 } },
  quick: { 'real-big': { shape: 'big', copies: 3 }, 'real-small': { shape: 'small', copies: 1 } },
};

/** Any key with any of 200 buckets, six operations, 3,000 roles. */
const organisation = {
  oneBucketAKey: false,
  operations: 6,
  keys: 5_000,
  buckets: 200,
  roles: 3_000,
  sessions: 12_000,
};

const fullSets: Record<MadeName | 'large', TrailOptions> = {
  mid: { set: 'mid', files: 400, recordsPerFile: 1_000 },
  random: { set: 'random', files: 2_000, recordsPerFile: 1_000 },
  small: { set: 'small', files: 100_000, recordsPerFile: 20 },
  noise: { set: 'noise', files: 400, recordsPerFile: 1_000 },
  features: { set: 'features', files: 400, recordsPerFile: 1_000 },
  organisation: { set: 'features', files: 400, recordsPerFile: 1_000, features: organisation },
  large: { set: 'mid', files: 20_000, recordsPerFile: 1_000 },
};
const quickSets: Record<MadeName | 'large', TrailOptions> = {
  mid: { set: 'mid', files: 100, recordsPerFile: 1_000 },
  random: { set: 'random', files: 100, recordsPerFile: 1_000 },
  small: { set: 'small', files: 5_000, recordsPerFile: 20 },
  noise: { set: 'noise', files: 100, recordsPerFile: 1_000 },
  features: { set: 'features', files: 100, recordsPerFile: 1_000 },
  organisation: { set: 'features', files: 100, recordsPerFile: 1_000, features: organisation },
  large: { set: 'mid', files: 400, recordsPerFile: 1_000 },
};

/** The peers that a set's bars name; the others would only take time. */
const sides: Record<SetName, SideName[]> = {
  mid: [
    'keymeter',
    'plain DuckDB',
    'chDB',
    'floor',
    'keymeter without SHA-256',
    'keymeter with S3 origins',
  ],
  noise: ['keymeter', 'plain DuckDB', 'floor', 'keymeter without SHA-256'],
  random: ['keymeter', 'plain DuckDB', 'chDB', 'floor'],
  small: ['keymeter', 'plain DuckDB', 'floor'],
  features: ['keymeter', 'plain DuckDB', 'chDB', 'floor', 'keymeter with S3 origins'],
  organisation: ['keymeter', 'plain DuckDB', 'chDB', 'floor', 'keymeter with S3 origins'],
  'real-big': ['keymeter', 'plain DuckDB', 'floor', 'keymeter with S3 origins'],
  'real-small': ['keymeter', 'plain DuckDB', 'floor', 'keymeter with S3 origins'],
};

/** What a run found; results.ts tells it. */
export interface Results {
  quick: boolean;
  rounds: number;
  load_before: number;
  load_after: number;
  chdb: boolean;
  measured: Partial<Record<SetName, Measured>>;
  s3: S3Run | null;
  memory: { name: string; records: number; run: Run }[];
  curves: Point[];
}

/** `node bench/run.mjs [--quick] [--rounds N] [--only mid,features,curves,s3,..] [--seed N]` */
export async function main(args: string[], root: string): Promise<void> {
  const quick = args.includes('--quick');
  const valueOf = (flag: string) => args[args.indexOf(flag) + 1];
  const rounds = args.includes('--rounds') ? Number(valueOf('--rounds')) : quick ? 3 : 5;
  const only = args.includes('--only') ? valueOf('--only')!.split(',') : null;
  const wanted = (name: string) => only === null || only.includes(name);
  const cache = path.join(root, '.cache/bench-data');
  mkdirSync(cache, { recursive: true });
  const lastRun = path.join(cache, 'last-run.json');
  const sets = quick ? quickSets : fullSets;
  const seed = args.includes('--seed') ? Number(valueOf('--seed')) : 1;
  // The data of what is timed comes first: writing it would disturb the clock.
  const data = new Map<string, DataSet>();
  for (const name of Object.keys(realSets.full) as RealName[]) {
    if (!wanted(name)) continue;
    const set = amplifiedSet(root, cache, name, realSets[quick ? 'quick' : 'full'][name]);
    if (set) data.set(name, set);
  }
  for (const name of Object.keys(sets).filter((one) => one !== 'large') as MadeName[]) {
    const needed = wanted(name) || (name === 'small' && wanted('s3'));
    const options = name === 'features' ? { ...sets[name], seed } : sets[name];
    if (needed) data.set(name, await dataSet(cache, name, options));
  }
  const places: Places = {
    root,
    scratch: mkdtempSync(path.join(cache, 'scratch-')),
    chdb: installChdb(path.join(root, '.cache/chdb')),
  };
  try {
    const results: Results = {
      measured: {},
      s3: null,
      memory: [],
      curves: [],
      // A part that is run alone takes the place of the same part in the last run.
      ...(only && !quick && existsSync(lastRun)
        ? (JSON.parse(readFileSync(lastRun, 'utf8')) as Results)
        : {}),
      quick,
      rounds,
      load_before: loadavg()[0]!,
      load_after: 0,
      chdb: places.chdb !== null,
    };
    // Kept after every part: a long run that is broken off has not been for nothing.
    const keep = (): void => {
      results.load_after = loadavg()[0]!;
      const text = resultsText(results, root);
      if (quick) return console.log(text);
      writeFileSync(path.join(root, 'bench/results.md'), text);
      writeFileSync(lastRun, JSON.stringify(results));
    };
    for (const name of Object.keys(sides) as SetName[]) {
      if (!wanted(name) || !data.has(name)) continue;
      const possible = sides[name].filter((side) => side !== 'chDB' || places.chdb !== null);
      results.measured[name] = await measure(data.get(name)!, possible, rounds, places);
      keep();
    }
    if (wanted('s3')) {
      results.s3 = await runFromS3(data.get('small')!, root, places.scratch);
    }
    if (wanted('curves')) {
      results.curves = await measureCurves(root, places.scratch, rounds);
      keep();
    }
    if (wanted('memory')) {
      results.memory = await peaks(await dataSet(cache, 'large', sets.large), places);
    }
    keep();
  } finally {
    rmSync(places.scratch, { recursive: true });
  }
}

/** Peak memory of keymeter on the first tenth of the large set (its first day) and on all of it. */
async function peaks(large: DataSet, places: Places): Promise<Results['memory']> {
  const day = path.join(large.directory, 'AWSLogs/111122223333/CloudTrail/eu-central-1/2026/10/05');
  const found: Results['memory'] = [];
  for (const [name, directory] of [
    ['first day', day],
    ['all', large.directory],
  ] as const) {
    const database = path.join(places.scratch, `memory-${found.length}`);
    const run = await runChild(keymeter(places.root, [directory], database), 1_800);
    const { records_total: records } = JSON.parse(run.output) as { records_total: number };
    rmSync(database, { force: true });
    console.log(`memory, ${records} records: ${Math.round(run.rss_bytes_peak / 2 ** 20)} MiB`);
    found.push({ name, records, run });
  }
  return found;
}
