import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { S3Double } from '../test/support/s3-double.ts';
import { runChild, type Run } from './child.ts';
import type { DataSet } from './data.ts';
import { filesBelow } from './sides/files.ts';
import { keymeter, kmsOnly } from './sides.ts';

/** Added to each answer of the server. */
export const latency_ms = 20;
const bucket = 'bench-trail';
/** Objects of the set that are read from S3: all would take a quarter of an hour. */
const objects_max = 20_000;

export interface S3Run {
  objects: number;
  run: Run;
}

/**
 * keymeter reading the set from an S3 server in a thread of this process (the tests' double, on
 * loopback, with added latency), which takes its own share of the same cores.
 */
export async function runFromS3(data: DataSet, root: string, scratch: string): Promise<S3Run> {
  const server = new Worker(fileURLToPath(import.meta.url), { workerData: data.directory });
  try {
    const endpoint = await new Promise<string>((resolve, reject) => {
      server.once('message', resolve).once('error', reject);
    });
    const args = ['--endpoint', endpoint, '--path-style', '--s3-region', 'eu-central-1'];
    const env = { ...kmsOnly, AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench' };
    const database = path.join(scratch, 's3-database');
    const run = await runChild(keymeter(root, [`s3://${bucket}`], database, { args, env }), 900);
    const { objects_ok, inserted } = JSON.parse(run.output) as Record<string, number>;
    const { files, kms_records } = data.summary;
    const objects = Math.min(files, objects_max);
    const isWhole = objects_ok === objects && (objects < files || inserted === kms_records);
    if (!isWhole) throw new Error(`${objects_ok} objects, ${inserted} events from S3`);
    return { objects, run };
  } finally {
    await server.terminate();
  }
}

if (!isMainThread && typeof workerData === 'string') {
  const directory = workerData;
  const double = await S3Double.start();
  double.latencyMs = latency_ms;
  for (const file of filesBelow(directory).slice(0, objects_max)) {
    double.put(bucket, path.relative(directory, file), readFileSync(file));
  }
  parentPort!.postMessage(double.endpoint);
}
