import { rmSync, mkdtempSync } from 'node:fs';
import path from 'node:path';
import { runChild } from './child.ts';
import type { Features } from './features.ts';
import { median } from './measure.ts';
import { keymeter } from './sides.ts';
import { writeTrail, type TrailSummary } from './trail.ts';

/** One feature, and the values that it takes while all others keep those of the base. */
interface Curve {
  name: string;
  points: { label: string; features?: Partial<Features>; recordsPerFile?: number }[];
}

const shares = (name: keyof Features, values: readonly number[]): Curve => ({
  name,
  points: values.map((value) => ({
    label: String(value),
    features: { [name]: value } as Partial<Features>,
  })),
});

const curves: readonly Curve[] = [
  shares('newSessions', [0, 0.25, 0.5, 1]),
  shares('users', [0.5, 1]),
  { name: 'users, all new', points: [{ label: '1', features: { users: 1, newSessions: 1 } }] },
  shares('s3', [0, 0.4, 0.8]),
  shares('assumeRole', [0.2, 0.6, 1]),
  shares('oddContexts', [0.1, 0.5, 1]),
  shares('logContexts', [0.5, 1]),
  shares('keys', [1, 1_000, 5_000]),
  shares('roles', [1, 1_000, 3_000]),
  {
    name: 'any key with any bucket',
    points: [2, 4, 6].map((operations) => ({
      label: `${operations} operations`,
      features: { oneBucketAKey: false, operations, keys: 5_000, buckets: 200, roles: 3_000 },
    })),
  },
  shares('errors', [0.02, 0.2, 1]),
  shares('nonAscii', [0.01, 0.3, 1]),
  shares('nulls', [0.5, 1]),
  shares('shuffled', [0.5, 1]),
  shares('padding', [0, 4_000, 18_000]),
  shares('kms', [0, 0.25, 0.75, 1]),
  shares('minor', [2, 5, 8]),
  {
    name: 'records a file',
    points: [1, 10, 100, 2_000].map((records) => ({
      label: String(records),
      recordsPerFile: records,
    })),
  },
];

/** A point that was measured: microseconds a record, and nanoseconds a byte, above those of an empty run. */
export interface Point {
  curve: string;
  label: string;
  files: number;
  record_bytes: number;
  record_us: number;
  byte_ns: number;
  /** Times the base's by byte. */
  times_base: number;
}

const records = 40_000;

/** Runs the product on each point, some rounds in turn; the first point is the base. */
export async function measureCurves(
  root: string,
  scratch: string,
  rounds: number,
): Promise<Point[]> {
  const folder = mkdtempSync(path.join(scratch, 'curves-'));
  const all = curves.flatMap(({ name, points }) =>
    points.map((point) => ({ ...point, curve: name })),
  );
  const wanted = [
    { curve: 'base', label: '', features: {} },
    ...all,
  ] as (Curve['points'][number] & { curve: string })[];
  const cpu = async (directory: string): Promise<number> => {
    const database = path.join(folder, 'database');
    const run = await runChild(keymeter(root, [directory], database, { env: {} }), 300);
    rmSync(database, { force: true });
    return run.cpu_s;
  };
  const measured: { summary: TrailSummary; cpu: number[] }[] = [];
  const base: number[] = [];
  const empty: number[] = [];
  for (const [i, { features = {}, recordsPerFile = 1_000 }] of wanted.entries()) {
    const directory = path.join(folder, String(i));
    const files = Math.max(1, Math.min(4_000, Math.round(records / recordsPerFile)));
    const summary = await writeTrail(directory, {
      set: 'features',
      files,
      recordsPerFile,
      features,
    });
    if (i === 0) {
      const one = path.join(folder, 'empty');
      await writeTrail(one, { set: 'features', files: 1, recordsPerFile: 1, features });
      for (let round = 0; round < rounds; round++) empty.push(await cpu(one));
    }
    const runs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      // The base beside each point: the machine's other work is the same for both.
      if (i > 0) base.push(await cpu(path.join(folder, '0')));
      runs.push(await cpu(directory));
    }
    measured.push({ summary, cpu: runs });
    if (i > 0) rmSync(directory, { recursive: true });
    console.log(`${wanted[i]!.curve} ${wanted[i]!.label}: CPU ${median(runs).toFixed(2)} s`);
  }
  rmSync(folder, { recursive: true });
  measured[0]!.cpu.push(...base);
  const own = ({ cpu: runs }: { cpu: number[] }) => Math.max(0, median(runs) - median(empty));
  const byteOf = (one: { summary: TrailSummary; cpu: number[] }) =>
    own(one) / one.summary.json_bytes;
  return measured.map((one, i) => ({
    curve: wanted[i]!.curve,
    label: wanted[i]!.label,
    files: one.summary.files,
    record_bytes: one.summary.json_bytes / one.summary.records,
    record_us: (own(one) / one.summary.records) * 1e6,
    byte_ns: byteOf(one) * 1e9,
    times_base: byteOf(one) / byteOf(measured[0]!),
  }));
}

/** The table of bench/results.md. */
export function curvesText(points: readonly Point[]): string {
  if (points.length === 0) return '';
  const worst = points.toSorted((a, b) => b.times_base - a.times_base)[0]!;
  return [
    '## Curves: one feature at a time',
    '',
    `CPU above that of a run over one record, ${records.toLocaleString('en')} records a point (4,000 files at most), default settings; the last column compares CPU for each byte with the base's. Worst: ${worst.curve} ${worst.label}, ${worst.times_base.toFixed(2)} times.`,
    '',
    '| feature | value | files | bytes a record | us a record | ns a byte | times the base |',
    '|---|---|---:|---:|---:|---:|---:|',
    ...points.map(
      (p) =>
        `| ${p.curve} | ${p.label} | ${p.files} | ${Math.round(p.record_bytes)} | ${p.record_us.toFixed(1)} | ${p.byte_ns.toFixed(2)} | ${p.times_base.toFixed(2)} |`,
    ),
  ].join('\n');
}
