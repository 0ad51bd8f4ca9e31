import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve, type RunningServer } from '../../api/listen.ts';
import { defaultConfig } from '../../core/config.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';

let database: Database;
let engine: DuckDbEngine;
let server: RunningServer;

beforeAll(async () => {
  database = await openDatabase(':memory:');
  engine = new DuckDbEngine(database);
  server = await serve({
    engine,
    config: defaultConfig,
    port: 0,
    allowedHosts: [],
    database: 'x.duckdb',
    ingestStatus: () => ({ state: 'idle' }),
    log: () => undefined,
  });
});
afterAll(async () => {
  await server.close();
  engine.close();
  database.close();
});

const slow = (text: string): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1', () => {
      socket.write(text);
      resolve(socket);
    });
    socket.on('error', () => undefined);
  });

test('300 connections that never finish their head keep nobody out', async () => {
  const sockets: Socket[] = [];
  for (let i = 0; i < 300; i++) sockets.push(await slow('GET /health HTTP/1.1\r\nHost: 127'));
  const answers = await Promise.all(
    Array.from({ length: 10 }, () =>
      fetch(`${server.url}/api/v1/health`, { signal: AbortSignal.timeout(20_000) }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
  const isOpen = (socket: Socket) => !socket.destroyed && !socket.readableEnded;
  for (const socket of sockets) socket.resume();
  // The newest at most are kept, the oldest ended.
  await expect
    .poll(() => sockets.filter(isOpen).length, { timeout: 20_000 })
    .toBeLessThanOrEqual(128);
  for (const socket of sockets) socket.destroy();
}, 60_000);

const answerTo = async (text: string): Promise<string> => {
  const socket = await slow(text);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
};

test.each([
  [
    `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    431,
    'header_too_large',
  ],
  ['NONSENSE\r\n\r\n', 400, 'bad_request'],
  ['GET / HTTP/1.1\r\nHost: 127', 408, 'request_too_slow'],
])(
  '%.20s... is answered with a problem',
  async (text, status, code) => {
    const [head, body] = (await answerTo(text)).split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(head).toContain('application/problem+json');
    expect(JSON.parse(body!)).toMatchObject({ status, type: `urn:keymeter:problem:${code}` });
  },
  40_000,
);
