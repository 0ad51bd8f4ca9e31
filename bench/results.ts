import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import path from 'node:path';
import { barsText } from './bars.ts';
import { chdbVersion } from './chdb-install.ts';
import type { Run } from './child.ts';
import { curvesText } from './curves.ts';
import type { Results } from './ingest.ts';
import { median, ratio, type Measured } from './measure.ts';
import { latency_ms } from './s3-side.ts';
import { workers, type SideName } from './sides.ts';

/** bench/results.md: machine, versions, one table a set, the bars, and what notes.md says of them. */
export function resultsText(results: Results, root: string): string {
  const sections = [
    '# Ingest, against the alternatives',
    `Made by \`npm run bench${results.quick ? ' -- --quick' : ''}\`: all sides in turn on the same files, ${results.rounds} rounds, each run a process of its own with ${workers} threads; seconds are of this machine and of its other work, so only ratios within the run say anything. CPU is user and system time of all threads, which other work on the machine disturbs less. RSS is the highest peak of all rounds.`,
    machineText(results, root),
    ...Object.values(results.measured).map(setText),
    s3Text(results),
    memoryText(results),
    curvesText(results.curves ?? []),
    barsText(results),
    readFileSync(path.join(root, 'bench/notes.md'), 'utf8').trim(),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function machineText(results: Results, root: string): string {
  const require = createRequire(path.join(root, 'package.json'));
  const { dependencies } = require('./package.json') as { dependencies: Record<string, string> };
  const lines = [
    `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB; load average ${results.load_before.toFixed(1)} before, ${results.load_after.toFixed(1)} after`,
    `Node ${process.version}, @duckdb/node-api ${dependencies['@duckdb/node-api']}, chdb ${results.chdb ? chdbVersion : 'not installed: left out'}`,
  ];
  return lines.map((line) => `- ${line}`).join('\n');
}

const seconds = (value: number) => value.toFixed(2);
const mebibytes = (run: Run) => Math.round(run.rss_bytes_peak / 2 ** 20);

function setText(measured: Measured): string {
  const { name, summary } = measured.data;
  const share = Math.round((100 * summary.kms_records) / summary.records);
  const rows = (Object.entries(measured.runs) as [SideName, Run[]][]).map(([side, runs]) => {
    const walls = runs.map((run) => run.wall_s);
    const wall = median(walls);
    return [
      side,
      `${seconds(wall)} (${seconds(Math.min(...walls))} to ${seconds(Math.max(...walls))})`,
      seconds(median(runs.map((run) => run.cpu_s))),
      Math.round(summary.records / wall / 1_000),
      Math.round(summary.files / wall),
      Math.max(...runs.map(mebibytes)),
      ratio(measured, side, 'keymeter', 'wall_s').toFixed(2),
      ratio(measured, side, 'keymeter', 'cpu_s').toFixed(2),
      runs.length,
    ].join(' | ');
  });
  return [
    `## ${name}: ${summary.files.toLocaleString('en')} files, ${summary.records.toLocaleString('en')} records, ${share} % KMS, ${Math.round(summary.json_bytes / 1e6)} MB raw, ${Math.round(summary.gzip_bytes / 1e6)} MB gz`,
    '',
    '| side | wall s, median (spread) | CPU s | K records/s | files/s | peak RSS MiB | wall, times keymeter | CPU, times keymeter | rounds |',
    '|---|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

function s3Text({ s3 }: Results): string {
  if (!s3) return '';
  return [
    `## small, from S3`,
    '',
    `${s3.objects.toLocaleString('en')} objects from an S3 double on loopback with ${latency_ms} ms added to each answer, which takes its share of the same cores: ${Math.round(s3.objects / s3.run.wall_s)} objects/s (${seconds(s3.run.wall_s)} s, ${seconds(s3.run.cpu_s)} s of keymeter's CPU, peak RSS ${mebibytes(s3.run)} MiB).`,
  ].join('\n');
}

function memoryText({ memory }: Results): string {
  if (memory.length === 0) return '';
  return [
    '## Memory',
    '',
    '| records | peak RSS MiB | wall s | K records/s |',
    '|---:|---:|---:|---:|',
    ...memory.map(
      ({ records, run }) =>
        `| ${records.toLocaleString('en')} | ${mebibytes(run)} | ${seconds(run.wall_s)} | ${Math.round(records / run.wall_s / 1_000)} |`,
    ),
  ].join('\n');
}
