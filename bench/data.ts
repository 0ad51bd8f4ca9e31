import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import { writeTrail, type TrailOptions, type TrailSummary } from './trail.ts';

/** A trail on disk. */
export interface DataSet {
  name: string;
  directory: string;
  summary: TrailSummary;
}

/** Threads that write a large set. */
const writers = 2;

/** The trail of these options in `cache`, written when it is not there yet. */
export async function dataSet(
  cache: string,
  name: string,
  options: TrailOptions,
): Promise<DataSet> {
  const { set, files, recordsPerFile, seed = 1 } = options;
  const kind = options.features ? name : set;
  const directory = path.join(cache, `${kind}-${files}x${recordsPerFile}-seed${seed}`);
  const summaryFile = path.join(directory, 'summary.json');
  const trail = path.join(directory, 'trail');
  if (!existsSync(summaryFile)) {
    console.log(`${name}: writing ${files} files of up to ${recordsPerFile} records`);
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(trail, { recursive: true });
    const sum = await writeParts(trail, options);
    writeFileSync(`${summaryFile}.part`, JSON.stringify(sum));
    renameSync(`${summaryFile}.part`, summaryFile);
  }
  const summary = JSON.parse(readFileSync(summaryFile, 'utf8')) as TrailSummary;
  return { name, directory: trail, summary };
}

async function writeParts(directory: string, options: TrailOptions): Promise<TrailSummary> {
  const share = Math.ceil(options.files / writers);
  const parts = await Promise.all(
    Array.from({ length: writers }, (_, i) => {
      const part = {
        ...options,
        first: i * share,
        files: Math.min((i + 1) * share, options.files),
      };
      return new Promise<TrailSummary>((resolve, reject) => {
        const worker = new Worker(fileURLToPath(import.meta.url), {
          workerData: { directory, options: part },
        });
        worker.once('message', resolve).once('error', reject);
      });
    }),
  );
  return parts.reduce((a, b) => ({
    files: a.files + b.files,
    records: a.records + b.records,
    kms_records: a.kms_records + b.kms_records,
    json_bytes: a.json_bytes + b.json_bytes,
    gzip_bytes: a.gzip_bytes + b.gzip_bytes,
  }));
}

if (!isMainThread && workerData?.options) {
  const { directory, options } = workerData as { directory: string; options: TrailOptions };
  parentPort!.postMessage(await writeTrail(directory, options));
}
