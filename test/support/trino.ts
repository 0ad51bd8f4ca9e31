import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openLakeFiles, readCurrent, tableStatements } from '../../store/lake-access.ts';
import { openEngine } from '../../store/open-engine.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A Trino of scripts/install-trino.sh, or an address that KEYMETER_TRINO names is missing: tests skip. */
export const trinoInstalled = existsSync(path.join(root, '.cache/trino/version'));
if (!trinoInstalled) {
  console.warn('SKIP: no Trino (scripts/install-trino.sh): the same analyses are not asked of it');
}

export interface TrinoServer {
  /** Lakes lie below it. */
  root: string;
  address: (schema: string) => string;
  /** Shows the settled lake in this folder below the root as the schema of its name. */
  show(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one node, which takes half a minute or more; loopback only, 1 GiB heap. */
export async function startTrino(): Promise<TrinoServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'keymeter-trino-'));
  const port = await freePort();
  const node = spawn(path.join(root, 'scripts/start-trino.sh'), [folder, String(port)], {
    stdio: 'ignore',
    detached: true,
  });
  const address = (schema: string) => `trino://127.0.0.1:${port}/lake/${schema}`;
  const server: TrinoServer = {
    root: folder,
    address,
    show: async (name) => {
      const lake = await openLakeFiles(path.join(folder, name));
      const location = `local:///${name}`;
      const current = (await readCurrent(lake))!;
      const engine = await openEngine(address('information_schema'));
      const names = { catalog: 'lake', schema: name, location };
      for (const sql of tableStatements('trino', current, names)) await engine.table(sql);
    },
    stop: () => stop(node, folder),
  };
  try {
    await untilReady(port, node);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

async function untilReady(port: number, node: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (node.exitCode !== null) throw new Error(`Trino ended with ${node.exitCode}`);
    const info = await fetch(`http://127.0.0.1:${port}/v1/info`)
      .then((answer) => answer.json() as Promise<{ starting: boolean }>)
      .catch(() => null);
    if (info && !info.starting) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error('Trino was not ready within five minutes');
}

async function stop(node: ChildProcess, folder: string): Promise<void> {
  if (node.exitCode === null && node.pid !== undefined) {
    const ended = new Promise((resolve) => node.once('exit', resolve));
    // The launcher and its JVM are one process group; both are this test's own.
    process.kill(-node.pid, 'SIGKILL');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
