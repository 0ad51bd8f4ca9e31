import { vi } from 'vitest';
import { buildProgram } from '../../cli/program.ts';

/** Runs a command line in this process; gives what it wrote. Rejects as the command does. */
export async function commandLine(
  ...args: readonly string[]
): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  const written = { stdout: '', stderr: '' };
  const capture = (name: 'stdout' | 'stderr') =>
    vi.spyOn(process[name], 'write').mockImplementation(((
      text: string | Uint8Array,
      ...rest: unknown[]
    ) => {
      written[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
      const done = rest.find((one) => typeof one === 'function') as (() => void) | undefined;
      done?.();
      return true;
    }) as typeof process.stdout.write);
  const spies = [capture('stdout'), capture('stderr')];
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    const program = await buildProgram(args);
    await program.parseAsync([...args], { from: 'user' });
    return { ...written, exitCode: Number(process.exitCode) };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
}
