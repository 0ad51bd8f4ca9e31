/** Work that is done sooner needs no word. */
const quiet_ms = 1_000;

/**
 * Says on a terminal, each second, how long work has been going on; the line is gone when it ends. What
 * takes less than a second, and what goes to a file or a pipe, says nothing.
 */
export async function showElapsed<T>(
  words: string,
  work: () => Promise<T>,
  stream: NodeJS.WriteStream = process.stderr,
): Promise<T> {
  if (!stream.isTTY) return work();
  const started = Date.now();
  let said = false;
  const timer = setInterval(() => {
    said = true;
    const seconds = Math.floor((Date.now() - started) / 1_000);
    stream.write(`\r${words}: ${seconds} s (Ctrl-C stops it)`);
  }, quiet_ms);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (said) stream.write('\r\u001B[K');
  }
}
