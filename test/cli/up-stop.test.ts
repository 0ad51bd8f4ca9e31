import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { generateDemoTrail } from '../../demo/generate.ts';
import { openEngine } from '../../store/open-engine.ts';

const main = path.resolve(import.meta.dirname, '../../dist/cli/main.js');

interface Stopped {
  code: number | null;
  stderr: string;
}

/** Starts `up` over a trail and ends it by SIGTERM once `when` holds for the state of its ingest. */
async function upUntil(
  trail: string,
  db: string,
  when: (status: { objects_done?: number }, stderr: string) => boolean,
): Promise<Stopped> {
  const words = [main, 'up', trail, '--db', db, '--port', '0', '--workers', '1'];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  for (let asked = false; !asked && child.exitCode === null;) {
    const url = /watch it at (http:\S+)/.exec(stderr)?.[1];
    const answer = url && (await fetch(`${url}/api/v1/ingest/status`).catch(() => null));
    asked = Boolean(answer && when(await answer.json(), stderr));
    if (!asked) await sleep(5);
  }
  child.kill('SIGTERM');
  return { code: await ended, stderr };
}

test('SIGTERM during the ingest ends the server too; the next start goes on where it was', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'keymeter-up-stop-'));
  try {
    const trail = path.join(folder, 'trail');
    await generateDemoTrail(trail, { seed: 1 });
    const db = path.join(folder, 'kms.duckdb');
    const logs = path.join(trail, 'AWSLogs');
    const first = await upUntil(logs, db, ({ objects_done = 0 }) => objects_done > 0);
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining('interrupted') });
    const count = async () => {
      const engine = await openEngine(`duckdb:${db}`);
      try {
        const [row] = await engine.rows('SELECT count(*) AS n FROM kms_events');
        return Number(row!['n']);
      } finally {
        engine.close();
      }
    };
    // The signal may come when the last commit is under way.
    expect(await count()).toBeLessThanOrEqual(38_762);
    const second = await upUntil(logs, db, (_, text) => text.includes('keymeter serves'));
    expect(second.code).toBe(0);
    expect(second.stderr).not.toContain('interrupted');
    expect(await count()).toBe(38_762);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
