import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyses } from '../../analytics/registry.ts';
import type { Analysis } from '../../analytics/analysis.ts';
import { jsonSchema } from '../../api/json-schema.ts';
import type { RunningServer } from '../../api/listen.ts';
import { serve } from '../../api/listen.ts';
import { newToken } from '../../api/token.ts';
import { defaultConfig } from '../../core/config.ts';
import { KeymeterError } from '../../core/errors.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import type { Engine } from '../../store/engine.ts';
import { event, store } from '../support/events.ts';
import { patient, rawRequest, withServer } from '../support/server.ts';

let database: Database;
let engine: DuckDbEngine;
let server: RunningServer;
let registry: ReadonlyMap<string, Analysis>;

const hostile = `=HYPERLINK("http://evil")'; DROP TABLE events; --<script>alert(1)</script>`;

beforeAll(async () => {
  registry = await analyses();
  database = await openDatabase(':memory:');
  engine = new DuckDbEngine(database);
  const events = [];
  for (let i = 0; i < 60; i++) {
    events.push(
      event({
        event_time: Date.parse('2026-10-05T12:00:00Z') / 1000 + Math.floor(i / 3),
        outcome: i % 10 === 0 ? 'throttled' : 'success',
        principal_arn: i % 7 === 0 ? hostile : 'arn:aws:iam::111111111111:role/app',
        operation: i % 2 === 0 ? 'Decrypt' : 'GenerateDataKey',
      }),
    );
  }
  await store(database, events);
  server = await serve({ engine, config: defaultConfig, port: 0, ...patient });
});

afterAll(async () => {
  await server.close();
  engine.close();
  database.close();
});

const get = (path: string, headers: Record<string, string> = {}) =>
  rawRequest(server.port, path, { headers });

/** Every route, with parameters that make it answer 200. */
const routes = () => [
  '/api/v1/analyses',
  '/api/v1/health',
  '/api/v1/ingest/status',
  '/api/v1/ingest/events',
  '/api/v1/ledger',
  '/api/v1/rejects',
  '/api/v1/runs',
  '/api/v1/raw?object_id=00000000-0000-4000-8000-000000000000&record_index=0',
  '/openapi.json',
  '/metrics',
  '/',
  '/docs',
  '/assets/none.js',
  '/nothing/here',
  ...[...registry.keys()].map((name) => `/api/v1/analyses/${name}`),
];

const query = (params: Readonly<Record<string, string>>) => new URLSearchParams(params).toString();

describe('analyses', () => {
  test('each answers what execute gives, in JSON and NDJSON', async () => {
    for (const analysis of registry.values()) {
      const context = { engine, config: defaultConfig };
      const expected = await analysis.execute({ ...requiredParams(analysis) }, context);
      const search = query(requiredParams(analysis));
      const json = await get(`/api/v1/analyses/${analysis.name}?${search}`);
      expect(json.status, `${analysis.name}: ${json.text.slice(0, 300)}`).toBe(200);
      const { rows, notes, truncated } = JSON.parse(JSON.stringify(expected));
      expect(json.json()).toMatchObject({ analysis: analysis.name, rows, notes, truncated });
      const lines = await get(`/api/v1/analyses/${analysis.name}?${search}&format=ndjson`);
      const parsed = lines.text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      expect(parsed).toEqual(rows);
    }
  });

  test('the list names each with the schemas of its parameters and rows', async () => {
    const { analyses: listed } = (await get('/api/v1/analyses')).json();
    expect(listed.map((one: { name: string }) => one.name)).toEqual([...registry.keys()]);
    const rates = listed.find((one: { name: string }) => one.name === 'call-rates');
    expect(rates.params.properties.bin.enum).toEqual(['second', 'minute', 'hour', 'day']);
    expect(rates.params.properties.from).toMatchObject({ type: 'string' });
    expect(rates.params.properties.from.anyOf).toBeUndefined();
    expect(rates.row.properties.calls).toMatchObject({ unit: 'calls' });
  });

  test('CSV leaves no cell that a spreadsheet would compute', async () => {
    const csv = await get('/api/v1/analyses/call-rates?by=principal', { accept: 'text/csv' });
    expect(csv.headers['content-type']).toMatch(/^text\/csv/);
    expect(csv.text).toContain(`"'=HYPERLINK(""http://evil"")`);
    expect(csv.text).not.toMatch(/(^|,)"?=/m);
  });

  test('Parquet holds the same rows, hostile text included', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'keymeter-api-parquet-'));
    for (const search of ['by=principal', 'region=nowhere']) {
      const url = `${server.url}/api/v1/analyses/call-rates?${search}`;
      const answer = await fetch(url, { headers: { accept: 'application/vnd.apache.parquet' } });
      expect(answer.headers.get('content-type')).toBe('application/vnd.apache.parquet');
      const file = path.join(folder, `${search}.parquet`);
      writeFileSync(file, new Uint8Array(await answer.arrayBuffer()));
      const back = await engine.rows(
        `SELECT group_name, CAST(calls AS BIGINT) AS calls FROM read_parquet($file)`,
        { file },
      );
      const { rows } = (await get(`/api/v1/analyses/call-rates?${search}`)).json();
      const wanted = rows.map((row: Record<string, unknown>) => ({
        group_name: row['group_name'],
        calls: row['calls'],
      }));
      expect(back).toEqual(wanted);
    }
    rmSync(folder, { recursive: true });
  });

  test('an ETag holds until the data changes', async () => {
    const path = '/api/v1/analyses/call-rates?bin=minute';
    const first = await get(path);
    const etag = String(first.headers['etag']);
    const second = await get(path, { 'if-none-match': `W/${etag}, "other"` });
    expect([second.status, second.text]).toEqual([304, '']);
    expect((await get(`${path}&limit=5`)).headers['etag']).not.toBe(etag);
    expect((await get(path, { accept: 'text/csv' })).headers['etag']).not.toBe(etag);
    const before = first.json().rows[0].calls;
    await store(database, [event({ at: '2026-10-05T12:00:30Z' })]);
    // Who waits for more than a second is given the older answer, marked by its age.
    let third = await get(path, { 'if-none-match': etag });
    while (third.headers['age'] !== undefined) third = await get(path, { 'if-none-match': etag });
    expect(third.status).toBe(200);
    expect(third.json().rows[0].calls).toBe(before + 1);
    expect(third.json().data_version).not.toBe(first.json().data_version);
  });

  test('a limit that cuts is told', async () => {
    const cut = await get('/api/v1/analyses/call-rates?bin=second&limit=2');
    expect(cut.json().rows).toHaveLength(2);
    expect(cut.json().truncated).toBe(true);
    expect(cut.headers['x-truncated']).toBe('true');
  });
});

/** The fewest parameters that an analysis runs with: none, its example, or one text. */
function requiredParams(analysis: Analysis): Record<string, string> {
  const schema = jsonSchema(analysis.params, 'input');
  const names = (schema['required'] ?? []) as string[];
  const needed = Object.fromEntries(names.map((name) => [name, analysis.example[name] ?? 'x']));
  const texts = Object.keys(schema['properties'] as object).map((name) => ({ [name]: 'x' }));
  // The example first: what an analysis refuses beyond its schema, its example meets.
  const found = [{ ...analysis.example, ...needed }, needed, ...texts].find(
    (params) => analysis.params.safeParse(params).success,
  );
  if (!found) throw new Error(`no parameters found for ${analysis.name}: give it an example`);
  return found as Record<string, string>;
}

describe('bad requests', () => {
  const bad: [string, number, string][] = [
    ['/api/v1/analyses/call-rates?limit=1e9', 400, 'bad_parameters'],
    ['/api/v1/analyses/call-rates?limit=NaN', 400, 'bad_parameters'],
    ['/api/v1/analyses/call-rates?limit=-1', 400, 'bad_parameters'],
    ['/api/v1/analyses/call-rates?bin=week', 400, 'bad_parameters'],
    ['/api/v1/analyses/call-rates?bin=hour&bin=day', 400, 'bad_parameters'],
    ['/api/v1/analyses/call-rates?format=xml', 400, 'bad_parameters'],
    ['/api/v1/analyses/call-rates?from=2026-10-06&to=2026-10-05', 400, 'bad_parameters'],
    ['/api/v1/analyses/call-rates?from=yesterday', 400, 'bad_parameters'],
    ['/api/v1/analyses/call-rates?sql=SELECT+1', 400, 'bad_parameters'],
    ['/api/v1/analyses/call-rates?__proto__=1', 400, 'bad_parameters'],
    ['/api/v1/analyses/none', 404, 'not_found'],
    ['/api/v1/analyses/..%2f..%2fetc%2fpasswd', 404, 'not_found'],
    ['/api/v1/analyses/call-rates%00', 404, 'not_found'],
    ['/assets/..%2f..%2fpackage.json', 404, 'not_found'],
    ['/api/v1/ledger?cursor=abc', 400, 'bad_parameters'],
    ['/api/v1/ledger?cursor=WzEsMl0', 400, 'bad_parameters'],
    ['/api/v1/ledger?status=nice', 400, 'bad_parameters'],
    ['/api/v1/rejects?object_id=1', 400, 'bad_parameters'],
    ['/api/v1/event', 400, 'bad_parameters'],
    ['/api/v1/event?record_index=1', 400, 'bad_parameters'],
    ['/api/v1/event?event_id=none', 404, 'not_found'],
    ['/api/v1/raw?object_id=1', 400, 'bad_parameters'],
    [
      '/api/v1/raw?object_id=00000000-0000-4000-8000-000000000000&record_index=0',
      404,
      'raw_unavailable',
    ],
    ['/nothing', 404, 'not_found'],
  ];
  test.each(bad)('%s is %i %s', async (path, status, code) => {
    const answer = await get(path);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    const problem = answer.json();
    expect(problem).toMatchObject({ status, type: `urn:keymeter:problem:${code}` });
    expect(problem.fix).not.toBe('');
    expect(problem.request_id).toBe(answer.headers['x-request-id']);
    expect(answer.text).not.toMatch(/SELECT|kms_events|\.ts\b|\/work|node_modules/);
  });

  test('an accepted type that nobody writes is 406', async () => {
    const answer = await get('/api/v1/analyses/call-rates', { accept: 'image/png' });
    expect(answer.status).toBe(406);
  });

  test('SQL metacharacters are values, and the tables stay', async () => {
    const params = query({ principal: hostile, region: "'; DROP TABLE events; --" });
    const answer = await get(`/api/v1/analyses/call-rates?${params}`);
    expect(answer.json().rows).toEqual([]);
    const mine = await get(`/api/v1/analyses/call-rates?${query({ principal: hostile })}`);
    expect(mine.json().rows[0].calls).toBe(9);
  });

  test('nothing but GET and HEAD, and no body', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await rawRequest(server.port, '/api/v1/analyses', {
        method,
        headers: { host: `127.0.0.1:${server.port}` },
      });
      expect([method, answer.status]).toEqual([method, 405]);
    }
    const body = await rawRequest(server.port, '/api/v1/analyses', {
      body: '{}',
      headers: { 'content-length': '2' },
    });
    expect(body.status).toBe(413);
    expect((await rawRequest(server.port, '/api/v1/analyses', { method: 'HEAD' })).status).toBe(
      200,
    );
  });

  test('an unexpected fault tells the client an id and the log the cause', async () => {
    const broken: Engine = {
      rows: async () => {
        throw new KeymeterError('query_failed', 'Binder Error in query: SELECT secret', {
          fix: '',
        });
      },
      stream: () => {
        throw new Error('SELECT secret');
      },
      dataVersion: async () => '1',
    };
    const logged: Record<string, unknown>[] = [];
    await withServer(
      broken,
      async ({ port }) => {
        const answer = await rawRequest(port, '/api/v1/analyses/call-rates');
        expect(answer.status).toBe(500);
        expect(answer.text).not.toContain('secret');
        expect(logged[0]).toMatchObject({ request_id: answer.json().request_id });
        expect(String(logged[0]?.['error'])).toContain('secret');
      },
      { log: (_, fields) => logged.push(fields) },
    );
  });
});

describe('hostile callers', () => {
  test('a Host of another name is refused on every route', async () => {
    for (const path of routes()) {
      for (const host of ['evil.example', `evil.example:${server.port}`, '127.0.0.1:1']) {
        const answer = await get(path, { host });
        expect([path, host, answer.status]).toEqual([path, host, 421]);
      }
    }
  });

  test('a request without a Host is refused', async () => {
    for (const line of ['GET / HTTP/1.0\r\n\r\n', 'GET / HTTP/1.1\r\nHost:\r\n\r\n']) {
      expect(await socketAnswer(server.port, line)).toMatch(/^HTTP\/1\.1 4\d\d/);
    }
  });

  test('an absolute-form request line cannot name another host', async () => {
    const answer = await get('http://evil.example/api/v1/analyses');
    expect(answer.status).toBe(421);
  });

  test('a request from a page of another site is refused on every route', async () => {
    for (const path of routes()) {
      for (const headers of [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'http://evil.example' },
        { origin: 'null' },
      ] as Record<string, string>[]) {
        const answer = await get(path, headers);
        expect([path, headers, answer.status]).toEqual([path, headers, 403]);
      }
    }
  });

  test('a link from elsewhere opens a page and never data', async () => {
    const link = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    expect((await get('/capacity', link)).status).not.toBe(403);
    for (const path of ['/api/v1/analyses', '/metrics', '/openapi.json']) {
      expect((await get(path, link)).status).toBe(403);
    }
  });

  test('every answer, errors too, carries the security headers', async () => {
    for (const path of ['/api/v1/analyses', '/nothing', '/api/v1/analyses/call-rates?limit=x']) {
      const { headers } = await get(path);
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['content-security-policy']).not.toMatch(/unsafe|\*/);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['x-frame-options']).toBe('DENY');
      expect(headers['strict-transport-security']).toBeUndefined();
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test('slow sockets leave room for others', async () => {
    const sockets = Array.from({ length: 100 }, () => {
      const socket = createConnection(server.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write('GET / HTTP/1.1\r\nHost: ');
      return socket;
    });
    expect((await get('/api/v1/health')).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });
});

function socketAnswer(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1', () => socket.end(text));
    let answer = '';
    socket.on('data', (part) => (answer += part.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

describe('token', () => {
  test('is needed for data and not for the page, and compared as a whole', async () => {
    const token = newToken();
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    await withServer(
      engine,
      async ({ port }) => {
        const ask = (path: string, authorization?: string) =>
          rawRequest(port, path, { headers: authorization ? { authorization } : {} });
        for (const path of ['/api/v1/analyses', '/api/v1/health', '/openapi.json', '/metrics']) {
          expect((await ask(path)).status).toBe(401);
          expect((await ask(path, `Bearer ${token.slice(1)}`)).status).toBe(401);
          expect((await ask(path, `Bearer ${token}x`)).status).toBe(401);
          expect((await ask(path, `Bearer ${token}`)).status).toBe(200);
        }
        expect((await ask('/api/v1/health')).headers['www-authenticate']).toMatch(/^Bearer/);
      },
      { token },
    );
  });

  test('a bind beyond loopback without one is refused', async () => {
    const starting = serve({ engine, config: defaultConfig, port: 0, host: '0.0.0.0' });
    await expect(starting).rejects.toMatchObject({ code: 'token_required', exitCode: 2 });
  });
});

describe('limits', () => {
  test('a query past its deadline is interrupted, and the next one answers', async () => {
    const slow: Engine = {
      // Minutes of work in DuckDB itself, so that only an interrupt ends it.
      rows: (_, __, options) =>
        engine.rows(
          'SELECT count(*) AS n FROM range(1000000) a, range(10000000) b WHERE a.range * b.range % 7 = 3',
          {},
          options,
        ),
      stream: (...all) => engine.stream(...all),
      dataVersion: () => engine.dataVersion(),
    };
    await withServer(
      slow,
      async ({ port }) => {
        const answer = await rawRequest(port, '/api/v1/analyses/call-rates');
        expect(answer.status).toBe(504);
        expect(answer.json().type).toBe('urn:keymeter:problem:deadline_exceeded');
      },
      { deadline_ms: 200 },
    );
    expect((await get('/api/v1/analyses/call-rates?limit=7')).status).toBe(200);
  });

  test('when as many analyses run and wait as may, the next is 429 with Retry-After', async () => {
    const small = new DuckDbEngine(database, { connections: 1, waiting: 0 });
    const enough = new AbortController();
    const busy = small.snapshot((snapshot) =>
      snapshot.rows(
        'SELECT count(*) FROM range(1000000) a, range(10000000) b WHERE a.range * b.range % 7 = 3',
        {},
        { signal: enough.signal },
      ),
    );
    busy.catch(() => {});
    await withServer(small, async ({ port }) => {
      const answer = await rawRequest(port, '/api/v1/analyses/call-rates');
      expect(answer.status).toBe(429);
      expect(answer.headers['retry-after']).toBe('1');
    });
    enough.abort();
    await busy.catch(() => {});
    small.close();
  });
});

test('an event is found by its id and by its place, with every column', async () => {
  const odd = event({
    event_id: 'no-uuid-at-all',
    at: '2026-10-05T12:02:00Z',
    user_agent: hostile,
  });
  const plain = event({ at: '2026-10-05T12:02:00Z' });
  await store(database, [odd, plain]);
  for (const wanted of [odd, plain]) {
    const { event: found } = (
      await get(`/api/v1/event?${query({ event_id: wanted.event_id })}`)
    ).json();
    expect(found).toMatchObject({
      event_id: wanted.event_id,
      event_time: '2026-10-05T12:02:00Z',
      principal_arn: wanted.principal_arn,
      user_agent: wanted.user_agent,
      counted: true,
    });
    const place = query({ object_id: found.object_id, record_index: String(found.record_index) });
    expect((await get(`/api/v1/event?${place}`)).json().event).toEqual(found);
  }
});

describe('ledger', () => {
  test('pages follow each other without a gap and end with null', async () => {
    for (let i = 0; i < 4; i++) await store(database, [event({ at: '2026-10-05T12:01:00Z' })]);
    const all = (await get('/api/v1/ledger?limit=1000')).json().rows;
    expect(all.length).toBeGreaterThanOrEqual(5);
    const paged: unknown[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = (await get(`/api/v1/ledger?limit=2${cursor ? `&cursor=${cursor}` : ''}`)).json();
      paged.push(...page.rows);
      cursor = page.next_cursor;
    }
    expect(paged).toEqual(all);
    expect((await get('/api/v1/ledger?status=dead')).json()).toEqual({
      rows: [],
      next_cursor: null,
    });
    expect((await get('/api/v1/rejects')).json()).toEqual({ rows: [], next_cursor: null });
  });

  test('the raw record comes through the given reader', async () => {
    const id = '6f9619ff-8b86-4d01-b42d-00c04fc964ff';
    await withServer(
      engine,
      async ({ port }) => {
        const found = await rawRequest(port, `/api/v1/raw?object_id=${id}&record_index=3`);
        expect(found.json()).toEqual({
          object_id: id,
          record_index: 3,
          location: 's3://b/k',
          record: { eventName: 'Decrypt' },
        });
        const gone = await rawRequest(port, `/api/v1/raw?object_id=${id}&record_index=4`);
        expect([gone.status, gone.json().type]).toEqual([404, 'urn:keymeter:problem:raw_gone']);
      },
      {
        rawRecord: async (_, record_index) => {
          if (record_index !== 3)
            throw new KeymeterError('object_gone', 'deleted', { fix: 'none' });
          return { location: 's3://b/k', record: { eventName: 'Decrypt' } };
        },
      },
    );
  });
});

test('ingest status comes once and as events, and closing ends the stream', async () => {
  let inserted = 1;
  const running = await serve({
    engine,
    config: defaultConfig,
    port: 0,
    ingestStatus: () => ({ state: 'running', inserted }),
  });
  const once = await rawRequest(running.port, '/api/v1/ingest/status');
  expect(once.json()).toMatchObject({ state: 'running', inserted: 1 });
  const response = await fetch(`${running.url}/api/v1/ingest/events`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let seen = '';
  while (!seen.includes('"inserted":1')) seen += (await reader.read()).value ?? '';
  inserted = 2;
  while (!seen.includes('"inserted":2')) seen += (await reader.read()).value ?? '';
  await running.close();
  while (!(await reader.read()).done);
});

test('fuzz: parameters made from the schemas never break an answer', async () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom(
      "'",
      '"',
      ';--',
      '1e9',
      'NaN',
      '-1',
      '',
      '7d',
      '2026-10-05',
      '9999999d',
      '\u0000',
      '{}',
      'true',
      hostile,
      '%',
      '9'.repeat(400),
    ),
  );
  const route = fc.constantFrom(...[...registry.values()]).chain((analysis) => {
    const properties = jsonSchema(analysis.params, 'input')['properties'] as Record<
      string,
      { enum?: string[]; default?: unknown }
    >;
    const params = Object.fromEntries(
      Object.entries(properties).map(([name, schema]) => {
        const good = [
          ...(schema.enum ?? []),
          ...(schema.default === undefined ? [] : [String(schema.default)]),
        ];
        return [
          name,
          good.length > 0
            ? fc.oneof(
                { weight: 4, arbitrary: fc.constantFrom(...good) },
                { weight: 1, arbitrary: nasty },
              )
            : nasty,
        ];
      }),
    );
    const required = requiredParams(analysis);
    return fc.record(params, { requiredKeys: [] }).map((chosen) => {
      const search = new URLSearchParams({ ...required, ...(chosen as Record<string, string>) });
      return `/api/v1/analyses/${analysis.name}?${search}`;
    });
  });
  const other = fc
    .tuple(
      fc.constantFrom('ledger', 'rejects', 'runs', 'raw', 'event', 'health', 'ingest/status'),
      fc.dictionary(
        fc.constantFrom('status', 'limit', 'cursor', 'object_id', 'record_index', 'run', 'x'),
        nasty,
        { maxKeys: 3 },
      ),
    )
    .map(([name, params]) => `/api/v1/${name}?${query(params)}`);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof({ weight: 4, arbitrary: route }, { weight: 1, arbitrary: other }),
      async (path) => {
        const answer = await get(path);
        expect([
          path,
          [200, 400, 404].includes(answer.status),
          answer.status === 200 ? '' : answer.text.slice(0, 200),
        ]).toEqual([path, true, expect.anything()]);
        expect(answer.json()).toBeTypeOf('object');
        expect(Number(answer.headers['content-length'] ?? answer.text.length)).toBeGreaterThan(0);
      },
    ),
    { numRuns: 300 },
  );
});
