import { parentPort, threadId, workerData } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { transferList, type EventBatch } from '../store/batch/event-batch.ts';
import { releaseReady } from './release.ts';
import { openReader } from './sources/open-reader.ts';
import type { ObjectReader } from './sources/source.ts';
import { chosenReader } from './fast/chosen-reader.ts';
import { readTask, type ReadTask, type RecordReader } from './task.ts';

/** What a worker says once, when it is loaded. */
export interface WorkerLoaded {
  /** The thread that is. */
  loaded: number;
}

/** What a worker is told when it is made. */
export interface ReaderSettings {
  /** Groups of the tasks to come, where they are known. */
  related_groups?: readonly string[] | undefined;
}

/** One reader a configuration, kept for the life of the worker: connections are worth keeping. */
const readers = new Map<string, ObjectReader>();

/** One for each choice of related groups, which is one a run: what a reader remembers is worth keeping. */
const recordReaders = new Map<string, RecordReader>();

function recordReader({ related_groups }: Pick<ReadTask, 'related_groups'>): RecordReader {
  const key = JSON.stringify(related_groups ?? null);
  const records = recordReaders.get(key) ?? chosenReader(process.env, related_groups);
  recordReaders.set(key, records);
  return records;
}

/** The piscina task: reads objects, gives back a batch whose buffers move to the main thread. */
export default async function work(task: ReadTask): Promise<EventBatch> {
  await releaseReady;
  const key = JSON.stringify(task.reader);
  const reader = readers.get(key) ?? openReader(task.reader);
  readers.set(key, reader);
  const batch: EventBatch = await readTask(task, reader, recordReader(task));
  // piscina takes a value that names what to move; the main thread gets the batch itself.
  const moved = { [transferableSymbol]: transferList(batch), [valueSymbol]: batch };
  return move(moved) as unknown as EventBatch;
}

// Made while the database is opened: the scanner takes a while to compile.
const { related_groups } = workerData as ReaderSettings;
if (related_groups) recordReader({ related_groups });

/** Tells the pool that all modules are loaded: only then may the worker be ended. */
const loaded: WorkerLoaded = { loaded: threadId };
parentPort?.postMessage(loaded);
