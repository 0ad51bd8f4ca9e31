import { Agent, get } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { IngestStatus } from '../../api/options.ts';
import { writeTrail } from '../../bench/trail.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import type { Database } from '../../store/database.ts';
import { contentOf, expectConserved, withDatabase } from '../support/database-content.ts';
import { withServer } from '../support/server.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-load-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const clients = 32;
const recordsPerFile = 50;
/** Each trail is a task and a transaction of its own: so many versions of the data. */
const trails = 30;
const filesPerTrail = 10;
const calls_total = trails * filesPerTrail * recordsPerFile;
const directories = Array.from({ length: trails }, (_, i) => path.join(scratch, `trail-${i}`));

type Rows = Record<string, unknown>[];
const sum = (rows: Rows, column: string) =>
  rows.reduce((total, row) => total + Number(row[column]), 0);

/** Questions whose answers all tell, each in its way, how many calls there are. */
const totals: Record<string, (rows: Rows) => number> = {
  'call-rates?bin=day': (rows) => sum(rows, 'calls'),
  'call-rates?bin=hour&by=key&limit=100000': (rows) => sum(rows, 'calls'),
  'key-usage?limit=10000': (rows) => sum(rows, 'calls'),
  'principal-usage?limit=10000': (rows) => sum(rows, 'calls'),
  'service-usage': (rows) => sum(rows, 'calls'),
  'quota-utilisation': (rows) => sum(rows, 'offered_calls'),
  'request-cost?by=account': (rows) => {
    const groups = rows.filter((row) => row['row_kind'] === 'group');
    return sum(groups, 'calls_priced') + sum(groups, 'calls_failed');
  },
};
const others = [
  '/api/v1/health',
  '/api/v1/ingest/status',
  '/api/v1/ledger?limit=50',
  '/api/v1/runs',
];

interface Seen {
  query: string;
  data_version: number;
  calls: number;
}

test('32 clients ask while an ingest runs: no error, no torn answer, and the ingest is as without them', async () => {
  for (const [i, directory] of directories.entries()) {
    await writeTrail(directory, { set: 'kms', files: filesPerTrail, recordsPerFile, seed: i + 1 });
  }
  const undisturbed = path.join(scratch, 'undisturbed.duckdb');
  const expected = await withDatabase(undisturbed, async (engine, database) => {
    await ingestTrails(database);
    return contentOf(engine);
  });

  const db = path.join(scratch, 'asked.duckdb');
  await withDatabase(db, async (engine, database) => {
    let status: IngestStatus = { state: 'running' };
    const seen: Seen[] = [];
    let asked = 0;
    await withServer(
      engine,
      async ({ port }) => {
        const agent = new Agent({ keepAlive: true, maxSockets: clients });
        const client = async (number: number) => {
          // Rounds after the ingest until everybody has seen the whole: slow answers may be older ones.
          for (let round = number, last = false; !last; round++) {
            const over = status.state === 'done';
            const queries = Object.keys(totals);
            const query = queries[round % queries.length]!;
            const answer = await askAnalysis(port, agent, query);
            seen.push(answer);
            last = over && answer.calls === calls_total;
            const other = others[round % others.length]!;
            expect((await ask(port, agent, other)).status).toBe(200);
            asked += 2;
          }
        };
        const asking = Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
        await ingestTrails(database);
        status = { state: 'done' };
        await asking;
        agent.destroy();
      },
      { ingestStatus: () => status },
    );
    const versions = new Map<number, Set<number>>();
    for (const { data_version, calls } of seen) {
      versions.set(data_version, (versions.get(data_version) ?? new Set()).add(calls));
      // Objects come whole or not at all.
      expect(calls % recordsPerFile).toBe(0);
    }
    const told = [...versions].sort(([a], [b]) => a - b);
    for (const [version, calls] of told) {
      expect([...calls], `all answers of version ${version}`).toHaveLength(1);
    }
    const growing = told.map(([, calls]) => [...calls][0]!);
    expect(growing).toEqual(growing.toSorted((a, b) => a - b));
    expect(growing.at(-1)).toBe(calls_total);
    expect(told.length).toBeGreaterThan(2);
    expect(asked).toBeGreaterThan(clients * 4);
    console.log(`${asked} requests, answers of ${told.length} versions of the data`);
    expect(await expectConserved(engine)).toBe(calls_total);
    expect(await contentOf(engine)).toEqual(expected);
  });
});

async function ingestTrails(database: Database): Promise<void> {
  const sources = await Promise.all(directories.map((directory) => openSource(directory)));
  const { status } = await ingest(database, sources, { workers: 2, group_objects: 1 });
  expect(status).toBe('done');
}

async function askAnalysis(port: number, agent: Agent, query: string): Promise<Seen> {
  const answer = await ask(port, agent, `/api/v1/analyses/${query}`);
  expect(answer.status, answer.text.slice(0, 500)).toBe(200);
  const body = JSON.parse(answer.text) as { rows: Rows; data_version: string; truncated: boolean };
  expect(answer.headers['x-data-version']).toBe(body.data_version);
  expect(body.truncated).toBe(false);
  return { query, data_version: Number(body.data_version), calls: totals[query]!(body.rows) };
}

function ask(port: number, agent: Agent, address: string) {
  return new Promise<{
    status: number;
    headers: Record<string, string | string[] | undefined>;
    text: string;
  }>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: address, agent }, (response) => {
      const parts: Buffer[] = [];
      response
        .on('data', (part: Buffer) => parts.push(part))
        .on('error', reject)
        .on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(parts).toString(),
          }),
        );
    }).on('error', reject);
  });
}
