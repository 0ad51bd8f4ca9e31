import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';

/** What is moved to a port without another end ceases to be, by the rules of postMessage. */
const { port1: nowhere, port2: otherEnd } = new MessageChannel();
let isNowhere = false;

/**
 * Resolves when release() has its effect: until its other end is closed, the port would collect what it
 * is sent. Not awaited up here: a module that waits while it loads brings Node down when its worker is
 * ended meanwhile.
 */
export const releaseReady: Promise<void> = once(otherEnd, 'close').then(() => {
  isNowhere = true;
});
otherEnd.close();

/**
 * Frees the memory of a buffer now; the buffer is empty afterwards. Left to garbage collection, each
 * unzipped file makes V8 collect for the sake of memory outside its heap, and the next file gets fresh
 * pages from the system: together a quarter of the time of unzipping. Small buffers, which share a pool,
 * stay as they are.
 */
export function release({ buffer }: Buffer): void {
  if (isNowhere && buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) {
    nowhere.postMessage(null, [buffer]);
  }
}

/**
 * Frees the buffers of a batch that is stored. Left to garbage collection they would wait for one of the
 * whole heap, which comes late: hundreds of megabytes of them pile up in a long run.
 */
export function releaseAll(buffers: ArrayBuffer[]): void {
  if (isNowhere && buffers.length > 0) nowhere.postMessage(null, buffers);
}
