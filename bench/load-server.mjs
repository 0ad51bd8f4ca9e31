import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Ticks of /proc/PID/stat a second, on every Linux of today. */
const ticks_per_s = 100;

/** User and system time of all threads of a process so far. */
function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name may hold blanks and brackets: fields count from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks_per_s;
}

function peakMebibytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

/** `keymeter up` over a trail into a new database: ingest and API in one process, the database's owner. */
export async function startUp({ root, trail, scratch, name }) {
  const child = spawn(
    process.execPath,
    [
      path.join(root, 'dist/cli/main.js'),
      'up',
      trail,
      '--db',
      path.join(scratch, `${name}.duckdb`),
      '--port',
      '0',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], cwd: scratch },
  );
  let said = '';
  let ended;
  child.stderr.on('data', (chunk) => {
    said += String(chunk);
    // The first line of the summary is written as soon as the ingest has ended.
    if (!ended && /objects listed:/.test(said)) {
      ended = { cpu_s: cpuSeconds(child.pid), rss_mib: peakMebibytes(child.pid) };
    }
  });
  const until = async (look) => {
    for (;;) {
      const found = look();
      if (found) return found;
      if (child.exitCode !== null) throw new Error(`keymeter ended: ${said.slice(-2_000)}`);
      await sleep(20);
    }
  };
  const url = await until(() => /watch it at (http:\S+)/.exec(said)?.[1]);
  const get = async (address) => {
    const response = await fetch(`${url}/api/v1/${address}`);
    if (!response.ok) throw new Error(`${address}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  return {
    url,
    /** Resolves at the ingest's end with what it took, by its own clock and the kernel's account. */
    async ingested() {
      const found = await until(() => ended);
      const { rows } = await get('runs');
      return { ...found, wall_s: rows[0].summary.elapsed_ms / 1_000 };
    },
    /** What the server logged of requests that failed. */
    log: () => said.split('\n').filter((line) => line.startsWith('{')),
    /** An answer of the newest data, however long it is computed. */
    async answer(query) {
      for (let tries = 0; ; tries++) {
        const response = await fetch(`${url}/api/v1/analyses/${query}`);
        const body = await response.json();
        if (response.status === 200 && response.headers.get('age') === null) return body;
        if (!response.ok && ![503, 504].includes(response.status)) throw new Error(body.detail);
        if (tries > 100) throw new Error(`no answer to ${query}`);
        await sleep(500);
      }
    },
    async stop() {
      if (child.exitCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
  };
}
