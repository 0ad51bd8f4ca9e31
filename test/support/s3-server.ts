import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const installed = fileURLToPath(new URL('../../.cache/bin/versitygw', import.meta.url));

/** The real S3 server (versitygw) to test against, or null. KEYMETER_S3_SERVER names it elsewhere. */
export const s3ServerBinary: string | null =
  [process.env['KEYMETER_S3_SERVER'], installed].find((file) => file && existsSync(file)) ?? null;

if (!s3ServerBinary) {
  console.warn(
    'SKIP: no real S3 server; scripts/install-s3-server.sh builds one (needs Go). ' +
      'Tests against it are skipped',
  );
}

export interface S3Server {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** A credentials file with the profiles `good` and `wrong` (a wrong secret). */
  credentialsFile: string;
  stop(): Promise<void>;
}

/** Starts it on loopback with new credentials and an empty directory of its own. */
export async function startS3Server(): Promise<S3Server> {
  // Between asking for a free port and listening on it, another process may take it.
  for (let tries = 0; ; tries++) {
    try {
      return await start();
    } catch (error) {
      if (tries === 4) throw error;
    }
  }
}

async function start(): Promise<S3Server> {
  if (!s3ServerBinary) throw new Error('no S3 server; guard with skipIf(!s3ServerBinary)');
  const folder = mkdtempSync(path.join(tmpdir(), 'keymeter-s3-'));
  for (const name of ['data', 'meta']) mkdirSync(path.join(folder, name));
  const accessKeyId = `test${randomBytes(8).toString('hex')}`;
  const secretAccessKey = randomBytes(20).toString('hex');
  const credentialsFile = path.join(folder, 'credentials');
  writeFileSync(
    credentialsFile,
    `[good]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\n` +
      `[wrong]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=wrong\n`,
  );
  const port = await freePort();
  const child = spawn(
    s3ServerBinary,
    [
      ['--port', `127.0.0.1:${port}`, '--region', 'eu-central-1', '--quiet', '--keep-alive'],
      ['posix', '--sidecar', path.join(folder, 'meta'), path.join(folder, 'data')],
    ].flat(),
    {
      env: { ROOT_ACCESS_KEY_ID: accessKeyId, ROOT_SECRET_ACCESS_KEY: secretAccessKey },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += String(chunk)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; !(await accepts(port)); tries++) {
    if (tries > 2_400 || child.exitCode !== null) {
      await stop();
      throw new Error(`the S3 server did not start: ${said}`);
    }
    await sleep(50);
  }
  return {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-central-1',
    accessKeyId,
    secretAccessKey,
    credentialsFile,
    stop,
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
