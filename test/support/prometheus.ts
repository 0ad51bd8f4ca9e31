import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../.cache/bin', import.meta.url));
const found = (name: string) => {
  const file = path.join(bin, name);
  return existsSync(file) ? file : null;
};

export const promtool = found('promtool');
export const prometheus = found('prometheus');

if (!promtool || !prometheus) {
  console.warn(
    'SKIP: no promtool and Prometheus; scripts/install-prometheus.sh builds them (needs Go). ' +
      'Tests with them are skipped',
  );
}

export interface Series {
  metric: Record<string, string>;
  value: number;
}

export interface Prometheus {
  query(expr: string): Promise<Series[]>;
  /** Path below /api/v1, such as `rules`. */
  get(path: string): Promise<any>;
  stop(): Promise<void>;
}

/** Starts Prometheus on loopback; `config` is its file without the global part. */
export async function startPrometheus(
  config: Record<string, unknown>,
  storage?: string,
): Promise<Prometheus> {
  if (!prometheus) throw new Error('no Prometheus; guard with skipIf(!prometheus)');
  const folder = mkdtempSync(path.join(tmpdir(), 'keymeter-prometheus-'));
  const file = path.join(folder, 'prometheus.json');
  const global = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ global, ...config }));
  const port = await freePort();
  const child = spawn(
    prometheus,
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${storage ?? path.join(folder, 'data')}`,
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let errors = '';
  child.stderr.on('data', (part: Buffer) => (errors = (errors + part.toString()).slice(-4_000)));
  const base = `http://127.0.0.1:${port}`;
  const get = async (where: string) => {
    const response = await fetch(`${base}/api/v1/${where}`);
    const answer = (await response.json()) as { status: string; data: any; error?: string };
    if (answer.status !== 'success') throw new Error(`${where}: ${answer.error}`);
    return answer.data;
  };
  for (let tries = 0; ; tries++) {
    const ready = await fetch(`${base}/-/ready`).catch(() => null);
    if (ready?.ok) break;
    if (child.exitCode !== null || tries > 600) throw new Error(`Prometheus: ${errors}`);
    await sleep(100);
  }
  return {
    get,
    async query(expr) {
      const { result } = await get(`query?query=${encodeURIComponent(expr)}`);
      return (result as { metric: Record<string, string>; value: [number, string] }[]).map(
        ({ metric, value }) => ({ metric, value: Number(value[1]) }),
      );
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Asks until the answer fits; tests wait, however slow the machine is. */
export async function until<T>(ask: () => Promise<T>, fits: (answer: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries++) {
    const answer = await ask();
    if (fits(answer)) return answer;
    if (tries > 1_200) throw new Error(`still ${JSON.stringify(answer).slice(0, 500)}`);
    await sleep(200);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
