import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Jobs } from '../../api/jobs.ts';
import type { Engine } from '../../store/engine.ts';
import { event, withEvents } from '../support/events.ts';
import { rawRequest, withServer } from '../support/server.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'keymeter-jobs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const address = '/api/v1/analyses/service-usage';

/** An engine whose queries wait at a gate, and that counts them; an interrupt opens the gate for one. */
function gated(engine: Engine) {
  const gate = { open: () => {}, queries: 0, given_up: 0, version: '1' };
  const opened = new Promise<void>((resolve) => (gate.open = resolve));
  const wait = async (signal: AbortSignal | undefined) => {
    gate.queries++;
    const aborted = new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => {
        gate.given_up++;
        reject(signal.reason as Error);
      });
    });
    await Promise.race([opened, aborted]);
  };
  const asked: Engine = {
    rows: async (sql, params, options) => {
      if (sql.includes('kms_events')) await wait(options?.signal);
      return engine.rows(sql, params, options);
    },
    stream: (...all) => engine.stream(...all),
    dataVersion: async () => gate.version,
  };
  return { gate, asked };
}

async function until<T>(look: () => Promise<T>, done: (found: T) => boolean): Promise<T> {
  for (;;) {
    const found = await look();
    if (done(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('an answer that takes long is one job for all who ask, and is there when it is done', async () => {
  await withEvents([event()], async (engine) => {
    const { gate, asked } = gated(engine);
    await withServer(
      asked,
      async ({ port }) => {
        const first = await rawRequest(port, address);
        expect(first.status).toBe(202);
        expect(first.headers['retry-after']).toBe('1');
        const { job } = first.json();
        expect(job).toMatchObject({ analysis: 'service-usage', state: 'running', progress: 0 });
        expect(job).toMatchObject({ seconds_left: null, error: null });
        expect(first.headers['location']).toBe(`/api/v1/jobs/${job.id}`);
        const second = await rawRequest(port, address);
        expect(second.json().job.id).toBe(job.id);
        const queries = gate.queries;
        gate.open();
        const look = () => rawRequest(port, `/api/v1/jobs/${job.id}`);
        const done = await until(look, (found) => found.json().job.state !== 'running');
        expect(done.json().job).toMatchObject({ state: 'done', progress: 1, seconds_left: 0 });
        const answer = await rawRequest(port, address);
        expect(answer.status).toBe(200);
        expect(answer.json().rows).toHaveLength(1);
        // The second who asked cost no query: it was the same job.
        expect(queries).toBe(1);
        const events = await rawRequest(port, `/api/v1/jobs/${job.id}/events`);
        expect(events.headers['content-type']).toContain('text/event-stream');
        expect(events.text).toContain('"state":"done"');
      },
      { wait_ms: 30 },
    );
  });
});

test('DELETE gives a job up, interrupts its query, and the question can be asked again', async () => {
  await withEvents([event()], async (engine) => {
    const { gate, asked } = gated(engine);
    await withServer(
      asked,
      async ({ port }) => {
        const { job } = (await rawRequest(port, address)).json();
        const given = await rawRequest(port, `/api/v1/jobs/${job.id}`, { method: 'DELETE' });
        expect(given.status).toBe(202);
        const look = () => rawRequest(port, `/api/v1/jobs/${job.id}`);
        const ended = await until(look, (found) => found.json().job.state === 'failed');
        expect(ended.json().job.error).toMatchObject({ code: 'job_cancelled', fix: 'ask again' });
        expect(gate.given_up).toBe(1);
        gate.open();
        const again = await until(
          () => rawRequest(port, address),
          ({ status }) => status === 200,
        );
        expect(again.json().rows).toHaveLength(1);
        const other = await rawRequest(port, address, { method: 'DELETE' });
        expect(other.status).toBe(405);
        expect((await rawRequest(port, '/api/v1/jobs/none')).status).toBe(404);
      },
      { wait_ms: 30 },
    );
  });
});

test('an answer that outlasts --deadline fails with what to do about it', async () => {
  await withEvents([event()], async (engine) => {
    const { asked } = gated(engine);
    await withServer(
      asked,
      async ({ port }) => {
        const { job } = (await rawRequest(port, address)).json();
        const look = () => rawRequest(port, `/api/v1/jobs/${job.id}`);
        const ended = await until(look, (found) => found.json().job.state === 'failed');
        expect(ended.json().job.error).toMatchObject({
          code: 'deadline_exceeded',
          fix: expect.stringContaining('--deadline'),
        });
      },
      { wait_ms: 20, deadline_ms: 200 },
    );
  });
});

test('Prefer: wait says how long a request waits for its answer', async () => {
  await withEvents([event()], async (engine) => {
    const { gate, asked } = gated(engine);
    await withServer(
      asked,
      async ({ port }) => {
        const asking = rawRequest(port, address, { headers: { prefer: 'wait=40' } });
        expect((await rawRequest(port, address)).status).toBe(202);
        gate.open();
        expect((await asking).status).toBe(200);
      },
      { wait_ms: 20 },
    );
  });
});

test('answers that took long outlive the server, and not the data that they are of', async () => {
  await withEvents([event()], async (engine) => {
    const answersFolder = path.join(folder, 'kept.answers');
    const { gate, asked } = gated(engine);
    const slow = { wait_ms: 600_000, answersFolder };
    await withServer(
      asked,
      async ({ port }) => {
        setTimeout(() => gate.open(), 1_100);
        expect((await rawRequest(port, address)).status).toBe(200);
        expect(readdirSync(answersFolder)).toHaveLength(1);
      },
      slow,
    );
    const later = gated(engine);
    await withServer(
      later.asked,
      async ({ port }) => {
        const kept = await rawRequest(port, address);
        expect(kept.json().rows).toHaveLength(1);
        expect(later.gate.queries).toBe(0);
        later.gate.version = '2';
        later.gate.open();
        const newer = await rawRequest(port, address);
        expect(newer.json().data_version).toBe('2');
        expect(later.gate.queries).toBeGreaterThan(0);
      },
      slow,
    );
    expect(existsSync(answersFolder)).toBe(true);
  });
});

test('what is known to take long leaves room for quick questions', async () => {
  const jobs = new Jobs<number>(undefined, undefined);
  const hang = () => new Promise<number>(() => {});
  const long = { analysis: 'long', expected_ms: 60_000, always: false };
  const quick = { analysis: 'quick', expected_ms: 5, always: false };
  const asked = [1, 2, 3].map((n) => jobs.ask(`long ${n}`, { ...long }, hang));
  expect(asked.map((job) => job.state)).toEqual(['running', 'running', 'queued']);
  expect(asked[0]!.status().seconds_left).toBe(60);
  const one = jobs.ask('quick', { ...quick }, async () => 7);
  expect(await one.ended).toBe(7);
  jobs.cancel(asked[2]!);
  await expect(asked[2]!.ended).rejects.toThrow();
  expect(asked[2]!.status().error?.code).toBe('job_cancelled');
});
