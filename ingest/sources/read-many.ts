import type { ListedObject, ObjectReader } from './source.ts';

/** One object's bytes, or why there are none (an ObjectError). */
export type ReadResult =
  | { object: ListedObject; bytes: Buffer; error?: undefined }
  | { object: ListedObject; bytes?: undefined; error: unknown };

/** Listed bytes under way or waiting; one object may be larger and then comes alone. */
const bytesAheadMost = 67_108_864;

/**
 * Reads objects in their order, as many at once as the reader likes, so that the caller works on one
 * while the next are on their way. At most `readConcurrency` objects and 64 MiB are in memory,
 * besides the one the caller has. An object that fails
 * doesn't stop the others; an aborted signal stops all.
 */
export async function* readMany(
  reader: ObjectReader,
  objects: Iterable<ListedObject>,
  signal?: AbortSignal,
): AsyncGenerator<ReadResult, void, undefined> {
  const underWay: { bytes: number; result: Promise<ReadResult> }[] = [];
  let bytesAhead = 0;
  const waiting = objects[Symbol.iterator]();
  let next = waiting.next();
  const readAhead = (): void => {
    while (!next.done && underWay.length < reader.readConcurrency) {
      const bytes = next.value.size_bytes;
      if (underWay.length > 0 && bytesAhead + bytes > bytesAheadMost) return;
      bytesAhead += bytes;
      underWay.push({ bytes, result: readOne(reader, next.value, signal) });
      next = waiting.next();
    }
  };
  for (readAhead(); ; readAhead()) {
    const first = underWay.shift();
    if (!first) return;
    const result = await first.result;
    bytesAhead -= first.bytes;
    signal?.throwIfAborted();
    yield result;
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
