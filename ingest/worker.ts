import { move, transferableSymbol, valueSymbol } from 'piscina';
import { transferList, type EventBatch } from '../store/event-batch.ts';
import { openReader } from './sources/open-reader.ts';
import type { ObjectReader } from './sources/source.ts';
import { chosenReader } from './fast/chosen-reader.ts';
import { readTask, type ReadTask } from './task.ts';

/** One reader a configuration, kept for the life of the worker: connections are worth keeping. */
const readers = new Map<string, ObjectReader>();

const records = chosenReader(process.env);

/** The piscina task: reads objects, gives back a batch whose buffers move to the main thread. */
export default async function work(task: ReadTask): Promise<EventBatch> {
  const key = JSON.stringify(task.reader);
  const reader = readers.get(key) ?? openReader(task.reader);
  readers.set(key, reader);
  const batch: EventBatch = await readTask(task, reader, records);
  // piscina takes a value that names what to move; the main thread gets the batch itself.
  const moved = { [transferableSymbol]: transferList(batch), [valueSymbol]: batch };
  return move(moved) as unknown as EventBatch;
}
