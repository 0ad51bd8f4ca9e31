import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { IngestStatus } from '../../api/options.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import type { Engine } from '../../store/engine.ts';
import { event, withEvents } from '../support/events.ts';
import { rawRequest } from '../support/server.ts';
import { withServer } from '../support/server.ts';

const dashboards = mkdtempSync(path.join(tmpdir(), 'keymeter-answers-'));
afterAll(() => rmSync(dashboards, { recursive: true }));

/** The engine with a data version of the test's choosing, and a gate that queries wait at. */
function staged(engine: Engine) {
  const stage = { data_version: '1', gate: Promise.resolve() };
  const staging: Engine = {
    rows: async (...all) => {
      await stage.gate;
      return engine.rows(...all);
    },
    stream: (...all) => engine.stream(...all),
    dataVersion: async () => stage.data_version,
  };
  return { stage, staging };
}

const address = '/api/v1/analyses/service-usage';

async function until<T>(look: () => Promise<T>, done: (found: T) => boolean): Promise<T> {
  for (;;) {
    const found = await look();
    if (done(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('while an ingest runs the last complete answer is served, says so, and is made anew', async () => {
  await withEvents([event()], async (engine) => {
    const { stage, staging } = staged(engine);
    const status: IngestStatus = { state: 'running' };
    await withServer(
      staging,
      async ({ port }) => {
        const ask = (headers: Record<string, string> = {}) =>
          rawRequest(port, address, { headers: { host: `127.0.0.1:${port}`, ...headers } });
        const first = await ask();
        expect(first.json()).toMatchObject({ data_version: '1' });
        expect(first.headers['age']).toBeUndefined();
        expect(first.text).not.toContain('being computed');

        let open = () => {};
        stage.gate = new Promise((resolve) => (open = resolve));
        stage.data_version = '2';
        const older = await ask();
        expect(older.status).toBe(200);
        expect(older.headers['x-data-version']).toBe('1');
        expect(older.headers['age']).toMatch(/^\d+$/);
        expect(older.headers['etag']).not.toBe(first.headers['etag']);
        expect(older.json().rows).toEqual(first.json().rows);
        expect(older.json().notes[0]).toMatch(
          /of database version 1, complete as of \d{4}-.*Z; newer ones are being computed/,
        );
        const tag = String(older.headers['etag']);
        expect((await ask({ 'if-none-match': tag })).status).toBe(304);

        open();
        const newer = await until(ask, ({ headers }) => headers['x-data-version'] === '2');
        expect(newer.headers['age']).toBeUndefined();
        expect(newer.json().rows).toEqual(first.json().rows);
      },
      { ingestStatus: () => status },
    );
  });
});

test('without an ingest the answer is of the newest data', async () => {
  await withEvents([event()], async (engine) => {
    const { stage, staging } = staged(engine);
    await withServer(staging, async ({ port }) => {
      expect((await rawRequest(port, address)).headers['x-data-version']).toBe('1');
      stage.data_version = '2';
      // Who waits for more than a second is given the older answer, marked as such.
      const newer = await until(
        () => rawRequest(port, address),
        ({ headers }) => headers['age'] === undefined,
      );
      expect(newer.headers['x-data-version']).toBe('2');
    });
  });
});

test('the queries of a snapshot see one state, and queries outside go on meanwhile', async () => {
  await withEvents([event()], async (engine, database) => {
    const count = 'SELECT count(*) AS n FROM related_events';
    await engine.snapshot(async (snapshot) => {
      expect(await snapshot.rows(count)).toEqual([{ n: 0 }]);
      const connection = await database.connect();
      await connection.run(
        `INSERT INTO actions (action_no, event_source, event_name) VALUES (0, 'sts.amazonaws.com', 'AssumeRole');
         INSERT INTO related (event_id_uuid, event_time, action_no, object_no, record_index)
         VALUES (gen_random_uuid(), now()::TIMESTAMP, 0, 0, 0)`,
      );
      connection.closeSync();
      expect(await engine.rows(count)).toEqual([{ n: 1 }]);
      // Two queries at once take turns on the snapshot's connection.
      const both = await Promise.all([snapshot.rows(count), snapshot.rows(count)]);
      expect(both).toEqual([[{ n: 0 }], [{ n: 0 }]]);
    });
  });
});

test('a snapshot that waits too long for its turn is too many queries', async () => {
  await withEvents([event()], async (_, database) => {
    const small = new DuckDbEngine(database, { connections: 1, waiting: 0 });
    await small.snapshot(async () => {
      await expect(small.snapshot(async () => 1)).rejects.toMatchObject({
        code: 'too_many_queries',
      });
    });
    expect(await small.snapshot(async () => 1)).toBe(1);
    small.close();
  });
});
