import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** One run of a side, a process of its own from start to end. */
export interface Run {
  wall_s: number;
  /** User and system time of all threads. */
  cpu_s: number;
  rss_bytes_peak: number;
  /** What it printed. */
  output: string;
}

export interface Command {
  script: string;
  args: string[];
  /** Modules to load before it. */
  preload?: string[];
  env?: Record<string, string>;
}

/** Runs a script of Node's to its end. Throws with its words when it fails. */
export async function runChild(command: Command, timeout_s: number): Promise<Run> {
  const folder = mkdtempSync(path.join(tmpdir(), 'keymeter-usage-'));
  const usage = path.join(folder, 'usage.json');
  const preload = [
    fileURLToPath(new URL('./usage.js', import.meta.url)),
    ...(command.preload ?? []),
  ];
  const imports = preload.flatMap((file) => ['--import', file]);
  const started = performance.now();
  const child = spawn(process.execPath, [...imports, command.script, ...command.args], {
    env: { ...process.env, ...command.env, KEYMETER_BENCH_USAGE: usage },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeout_s * 1_000,
    killSignal: 'SIGKILL',
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += String(chunk)));
  child.stderr.on('data', (chunk: Buffer) => (errors += String(chunk)));
  try {
    const code = await new Promise<number | string | null>((resolve, reject) => {
      child.once('error', reject).once('close', (exit, signal) => resolve(exit ?? signal));
    });
    const wall_s = (performance.now() - started) / 1_000;
    if (code !== 0)
      throw new Error(`${command.script} ended with ${code}: ${errors.slice(-2_000)}`);
    const { cpu_us, rss_kib } = JSON.parse(readFileSync(usage, 'utf8')) as Record<string, number>;
    return { wall_s, cpu_s: cpu_us! / 1e6, rss_bytes_peak: rss_kib! * 1024, output };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
