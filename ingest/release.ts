import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';

/** What is moved to a port without another end ceases to be, by the rules of postMessage. */
const { port1: nowhere, port2: otherEnd } = new MessageChannel();
otherEnd.close();
// Until it is closed it would collect what it is sent.
await once(otherEnd, 'close');

/**
 * Frees the memory of a buffer now; the buffer is empty afterwards. Left to garbage collection, each
 * unzipped file makes V8 collect for the sake of memory outside its heap, and the next file gets fresh
 * pages from the system: together a quarter of the time of unzipping. Small buffers, which share a pool,
 * stay as they are.
 */
export function release({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) {
    nowhere.postMessage(null, [buffer]);
  }
}
