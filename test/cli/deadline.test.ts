import { expect, test } from 'vitest';
import { showElapsed } from '../../cli/elapsed.ts';
import { withDeadline } from '../../api/deadline.ts';

function terminal(isTTY: boolean) {
  const written: string[] = [];
  const stream = { isTTY, write: (text: string) => written.push(text) };
  return { written, stream: stream as unknown as NodeJS.WriteStream };
}
const wait = (ms: number) =>
  new Promise<string>((resolve) => setTimeout(() => resolve('done'), ms));

test('a terminal hears each second how long it takes, and the line is gone at the end', async () => {
  const { written, stream } = terminal(true);
  expect(await showElapsed('findings', () => wait(1_200), stream)).toBe('done');
  expect(written[0]).toBe('\rfindings: 1 s (Ctrl-C stops it)');
  expect(written.at(-1)).toBe('\r\u001B[K');
  const quick = terminal(true);
  await showElapsed('findings', () => wait(1), quick.stream);
  expect(quick.written).toEqual([]);
  const pipe = terminal(false);
  await showElapsed('findings', () => wait(1_200), pipe.stream);
  expect(pipe.written).toEqual([]);
});

test('what outlasts its deadline is interrupted, and the message names the option', async () => {
  let interrupted = false;
  const work = withDeadline(30, undefined, (signal) => {
    signal.addEventListener('abort', () => (interrupted = true));
    return wait(60_000);
  });
  await expect(work).rejects.toMatchObject({
    code: 'deadline_exceeded',
    message: 'no answer within 30 ms',
    fix: expect.stringContaining('--deadline'),
  });
  expect(interrupted).toBe(true);
});
