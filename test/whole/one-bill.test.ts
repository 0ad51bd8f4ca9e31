import { copyFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BillRow } from '../../analytics/finops/bill.ts';
import type { FindingRow } from '../../analytics/finops/findings.ts';
import { serve, type RunningServer } from '../../api/listen.ts';
import { readConfig } from '../../core/config.ts';
import { finopsReport } from '../../reports/finops.ts';
import { overviewReport } from '../../reports/overview.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { dashboardsPath } from '../support/browser.ts';
import { demoDatabase, type DemoDatabase } from '../support/demo-database.ts';
import { lineOf, sumOf } from '../support/money.ts';
import { commandLine } from '../support/run-command-line.ts';
import { patient, rawRequest } from '../support/server.ts';

let demo: DemoDatabase;
let copied: string;
let database: Database;
let engine: DuckDbEngine;
let server: RunningServer;
let bill: BillRow[];

beforeAll(async () => {
  demo = await demoDatabase(1);
  // A process has a database open once: the command line gets a copy.
  copied = `${demo.database}.copy`;
  copyFileSync(demo.database, copied);
  database = await openDatabase(demo.database, { readOnly: true });
  engine = new DuckDbEngine(database);
  const config = readConfig(demo.configFile);
  server = await serve({ engine, config, port: 0, dashboards: dashboardsPath, ...patient });
  bill = (await rawRequest(server.port, '/api/v1/analyses/bill')).json().rows;
});

afterAll(async () => {
  await server.close();
  engine.close();
  database.close();
  demo.remove();
});

const config = () => readConfig(demo.configFile);
const cli = async (name: string) => {
  const where = ['--db', copied, '--config', demo.configFile, '--format', 'json'];
  return JSON.parse((await commandLine('run', name, ...where)).stdout);
};

test('the command line and the API show the same bill', async () => {
  expect((await cli('bill')).rows).toEqual(bill);
  expect(lineOf(bill, 'total').before_usd_monthly).toBeGreaterThan(1);
});

test('the findings of the API add up to the difference of the bill', async () => {
  const { rows } = (await rawRequest(server.port, '/api/v1/analyses/findings')).json();
  const found = rows as FindingRow[];
  const total = lineOf(bill, 'total');
  expect(sumOf(found, (row) => row.saving_usd_monthly)).toBeCloseTo(total.saving_usd_monthly!, 9);
  expect(sumOf(found, (row) => row.saving_usd)).toBeCloseTo(total.saving_usd, 9);
  expect(sumOf(found, (row) => row.one_time_cost_usd)).toBeCloseTo(total.one_time_cost_usd, 9);
  expect(found.length).toBeGreaterThan(10);
});

test('the headlines and sentences of both reports are those of the bill', async () => {
  const total = lineOf(bill, 'total');
  for (const make of [finopsReport, overviewReport]) {
    const report = await make({ engine, config: config() });
    const value = (label: string) =>
      report.headline.find((figure) => figure.label === label)?.value ?? null;
    expect(value('KMS bill a month')).toBe(total.before_usd_monthly);
    expect(value('KMS bill a month after the findings')).toBe(total.after_usd_monthly);
    expect(value('saved a month by the findings')).toBe(total.saving_usd_monthly);
    expect(value('once, for the findings')).toBe(total.one_time_cost_usd);
    const sentence = report.sections.flatMap((section) => section.findings).join(' ');
    expect(sentence).toContain(`The findings take $${total.saving_usd_monthly!.toFixed(2)} off it`);
  }
});

test('the metrics are the bill of each account and line', async () => {
  const { text } = await rawRequest(server.port, '/metrics');
  const samples = new Map(
    [...text.matchAll(/^keymeter_bill_usd_per_month\{account="(.+)",line="(.+)"\} (.+)$/gm)].map(
      ([, account, line, value]) => [`${account} ${line}`, Number(value)],
    ),
  );
  for (const row of bill.filter((one) => one.account_id !== '(all)')) {
    const shown = samples.get(`${row.account_id} ${row.line}`);
    expect([row.account_id, row.line, shown ?? null]).toEqual([
      row.account_id,
      row.line,
      row.before_usd_monthly,
    ]);
  }
  expect(samples.size).toBeGreaterThan(4);
});
