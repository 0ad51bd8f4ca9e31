import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Analysis } from '../../analytics/analysis.ts';
import { columnsOf, headlineOf } from '../../analytics/columns.ts';
import { analyses } from '../../analytics/registry.ts';
import { serve, type RunningServer } from '../../api/listen.ts';
import { configSchema } from '../../core/config.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import {
  chromiumPath,
  dashboardsPath,
  launchChromium,
  settledPanel,
  watchedPage,
} from '../support/browser.ts';
import { csvCells, csvValue } from '../support/csv.ts';
import { demoDatabase, type DemoDatabase } from '../support/demo-database.ts';
import { cellFault, cellsOf, showAllColumns } from '../support/page-cells.ts';
import { commandLine } from '../support/run-command-line.ts';
import { patient, rawRequest } from '../support/server.ts';

type Row = Record<string, unknown>;
type Params = Readonly<Record<string, string>>;

const executable = chromiumPath();
if (!executable) console.warn('SKIPPED: no Chromium; the numbers of the pages are not compared.');

/** Where the demo trail answers nothing to an analysis as it stands, what to ask instead. */
const asked: Readonly<Record<string, Params>> = {
  'first-seen': { from: '2026-10-20' },
  'first-use': { keys: 'true', known_days: '1' },
};

/** A bill, and one account of the trail that is a stranger's: without them two analyses have no rows. */
const more = {
  billing: [
    {
      region: 'us-east-1',
      usage_type: 'KMS-Requests',
      quantity: 123_456,
      cost_usd: 0.37,
      period_from: '2026-10-05T00:00:00Z',
      period_to: '2026-11-01T00:00:00Z',
    },
  ],
  ownAccounts: ['111122223333'],
};

/** What the demo trail holds no case of; an answer without rows is compared all the same. */
const without_rows = ['snapshot-theft', 'unread-objects'];

let registry: ReadonlyMap<string, Analysis>;
let demo: DemoDatabase;
let copied: string;
let database: Database;
let engine: DuckDbEngine;
let server: RunningServer;

beforeAll(async () => {
  registry = await analyses();
  demo = await demoDatabase(1);
  const config = { ...JSON.parse(readFileSync(demo.configFile, 'utf8')), ...more };
  writeFileSync(demo.configFile, JSON.stringify(config));
  // A process has a database open once: the command line gets a copy.
  copied = `${demo.database}.copy`;
  copyFileSync(demo.database, copied);
  database = await openDatabase(demo.database, { readOnly: true });
  engine = new DuckDbEngine(database);
  server = await serve({
    engine,
    config: configSchema.parse(config),
    port: 0,
    dashboards: dashboardsPath,
    ...patient,
  });
});

afterAll(async () => {
  await server.close();
  engine.close();
  database.close();
  demo.remove();
});

const paramsOf = (analysis: Analysis): Params => ({ ...analysis.example, ...asked[analysis.name] });

/** The same question about one account in a part of the time, as far as the analysis takes it. */
function narrowed(analysis: Analysis): Params {
  const part: Params = {
    from: '2026-10-12T06:00:00Z',
    to: '2026-10-26',
    account: '111122223333',
    region: 'us-east-1',
  };
  const taken = Object.entries(part).filter(([name]) => name in analysis.params.shape);
  return { ...paramsOf(analysis), ...Object.fromEntries(taken) };
}

const address = (analysis: Analysis, params: Params, format: string) =>
  `/api/v1/analyses/${analysis.name}?${new URLSearchParams({ ...params, format })}`;

async function ask(analysis: Analysis, params: Params, format: 'json' | 'ndjson' | 'csv') {
  const answer = await rawRequest(server.port, address(analysis, params, format));
  expect([analysis.name, answer.status, answer.status === 200 || answer.text]).toEqual([
    analysis.name,
    200,
    true,
  ]);
  return answer;
}

/** Rows of CSV, read back to the types of the rows that they should equal. */
function rowsOfCsv(text: string, like: readonly Row[]): Row[] {
  const [header, ...lines] = csvCells(text);
  return lines.map((cells, i) =>
    Object.fromEntries(header!.map((name, j) => [name, csvValue(cells[j]!, like[i]?.[name])])),
  );
}

/** The command line, asked in this process with the same configuration. */
function cli(analysis: Analysis, params: Params, format: string) {
  const flags = Object.entries(params).flatMap(([name, value]) => [
    `--${name.replaceAll('_', '-')}`,
    value,
  ]);
  const where = ['--db', copied, '--config', demo.configFile, '--format', format];
  return commandLine('run', analysis.name, ...where, ...flags);
}

describe('the same question gives the same numbers', () => {
  test('as JSON, NDJSON and CSV of the API and on the command line, for every analysis', async () => {
    const empty: string[] = [];
    for (const analysis of registry.values()) {
      const params = paramsOf(analysis);
      const { rows, notes, truncated } = (await ask(analysis, params, 'json')).json();
      if (rows.length === 0) empty.push(analysis.name);
      const columns = Object.keys(analysis.row.shape);
      for (const row of rows)
        expect(Object.keys(row).sort(), analysis.name).toEqual([...columns].sort());

      const lines = (await ask(analysis, params, 'ndjson')).text.split('\n').filter(Boolean);
      expect(
        lines.map((line) => JSON.parse(line) as Row),
        analysis.name,
      ).toEqual(rows);

      const { text } = await ask(analysis, params, 'csv');
      expect(csvCells(text)[0], analysis.name).toEqual(columns);
      expect(rowsOfCsv(text, rows), analysis.name).toEqual(rows);

      const command = JSON.parse((await cli(analysis, params, 'json')).stdout);
      expect(command, analysis.name).toEqual({ rows, notes, truncated });
    }
    expect(empty).toEqual(without_rows);
  });

  test('for one account in a part of the time too', async () => {
    let different = 0;
    for (const analysis of registry.values()) {
      const params = narrowed(analysis);
      const { rows } = (await ask(analysis, params, 'json')).json();
      const command = (await cli(analysis, params, 'ndjson')).stdout;
      const lines = command.split('\n').filter(Boolean);
      expect(
        lines.map((line) => JSON.parse(line) as Row),
        analysis.name,
      ).toEqual(rows);
      const all = (await ask(analysis, paramsOf(analysis), 'json')).json().rows;
      if (JSON.stringify(all) !== JSON.stringify(rows)) different++;
    }
    expect(different).toBeGreaterThan(registry.size / 2);
  });
});

describe.skipIf(!executable)('the pages', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable!);
  });
  afterAll(async () => browser?.close());

  test('show the numbers of the API, for every analysis', async () => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 1000 } });
    const { page, offences } = await watchedPage(context, server.url);
    await page.goto(`${server.url}/explore`);
    await page.waitForSelector('main h1');
    let cells = 0;
    for (const analysis of registry.values()) {
      const params = paramsOf(analysis);
      const search = new URLSearchParams({ analysis: analysis.name, ...params });
      // As a link in the app goes there, without loading the app anew.
      await page.evaluate((to) => {
        history.pushState(null, '', to);
        dispatchEvent(new PopStateEvent('popstate'));
      }, `/explore?${search}`);
      const panel = await settledPanel(page, analysis.name);
      const state = without_rows.includes(analysis.name) ? 'empty' : 'ready';
      expect([analysis.name, await panel.getAttribute('data-state')]).toEqual([
        analysis.name,
        state,
      ]);

      const { rows } = (await ask(analysis, params, 'json')).json() as { rows: Row[] };
      await showAllColumns(page, analysis.name);
      const shown = await cellsOf(page, analysis.name);
      expect([analysis.name, shown.length]).toEqual([analysis.name, Math.min(25, rows.length)]);
      const fields = Object.fromEntries(
        columnsOf(analysis).map(({ name, unit }) => [name, { unit: unit ?? undefined }]),
      );
      const first = headlineOf(analysis);
      const all = [...first, ...Object.keys(fields).filter((name) => !first.includes(name))];
      const filled = all.filter((name) => rows.some((row) => row[name] !== null));
      for (const [i, line] of shown.entries()) {
        expect(
          line.map((cell) => cell.column),
          analysis.name,
        ).toEqual(filled);
        const faults = line.map((cell) =>
          cellFault(cell, rows[i]![cell.column], fields[cell.column]?.unit),
        );
        expect([analysis.name, i, faults.filter(Boolean)]).toEqual([analysis.name, i, []]);
        cells += line.length;
      }
    }
    console.log(`${cells} cells of ${registry.size} analyses compared`);
    expect(offences).toEqual({ console: [], hosts: [], csp: [] });
    await context.close();
  });
});
