import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { filesBelow } from './files.ts';

/**
 * The floor: `node floor.js DIRECTORY WORKERS` lists, reads and unzips, and does nothing else. Files go
 * round robin; one chunk of the size in the trailer is the fastest way to unzip that Node has.
 */
function unzipAll(files: readonly string[]): number {
  let bytes = 0;
  for (const file of files) {
    const raw = readFileSync(file);
    bytes += gunzipSync(raw, { chunkSize: raw.readUInt32LE(raw.length - 4) + 64 }).length;
  }
  return bytes;
}

if (isMainThread) {
  const [directory, workers] = [process.argv[2]!, Number(process.argv[3])];
  const files = filesBelow(directory);
  const parts = Array.from({ length: workers }, (_, i) =>
    files.filter((_, index) => index % workers === i),
  );
  const bytes = await Promise.all(
    parts.map(
      (part) =>
        new Promise<number>((resolve, reject) => {
          const worker = new Worker(fileURLToPath(import.meta.url), { workerData: part });
          worker.once('message', resolve).once('error', reject);
        }),
    ),
  );
  console.log(JSON.stringify({ bytes: bytes.reduce((a, b) => a + b, 0) }));
} else {
  parentPort!.postMessage(unzipAll(workerData as string[]));
}
