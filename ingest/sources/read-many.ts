import type { ListedObject, ObjectReader } from './source.ts';

/** One object's bytes, or why there are none (an ObjectError). */
export type ReadResult =
  | { object: ListedObject; bytes: Buffer; error?: undefined }
  | { object: ListedObject; bytes?: undefined; error: unknown };

/**
 * Reads objects in their order, as many at once as the reader likes, so that the caller works on one
 * while the next are on their way. At most `readConcurrency` objects are in memory. An object that fails
 * doesn't stop the others; an aborted signal stops all.
 */
export async function* readMany(
  reader: ObjectReader,
  objects: Iterable<ListedObject>,
  signal?: AbortSignal,
): AsyncGenerator<ReadResult, void, undefined> {
  const underWay: Promise<ReadResult>[] = [];
  const iterator = objects[Symbol.iterator]();
  const readNext = (): void => {
    const next = iterator.next();
    if (!next.done) underWay.push(readOne(reader, next.value, signal));
  };
  for (let i = 0; i < reader.readConcurrency; i++) readNext();
  for (let first = underWay.shift(); first; first = underWay.shift()) {
    const result = await first;
    signal?.throwIfAborted();
    yield result;
    readNext();
  }
}

async function readOne(
  reader: ObjectReader,
  object: ListedObject,
  signal: AbortSignal | undefined,
): Promise<ReadResult> {
  try {
    return { object, bytes: await reader.read(object, signal) };
  } catch (error) {
    return { object, error };
  }
}
