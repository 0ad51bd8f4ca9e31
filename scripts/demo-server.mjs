// The demo trail served by the built product, and a Chromium to open it: for pictures and measurements.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const root = fileURLToPath(new URL('..', import.meta.url));
const built = (name) => import(path.join(root, 'dist', name));

/** Generates, ingests and serves the demo; `close` ends the server and the browser. */
export async function openDemo() {
  const executablePath = process.env['KEYMETER_CHROMIUM'] ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    console.error(
      `no Chromium at ${executablePath}: install it, or name one with KEYMETER_CHROMIUM`,
    );
    process.exit(2);
  }
  const { generateDemoTrail } = await built('demo/generate.js');
  const { configSchema } = await built('core/config.js');
  const { ingest } = await built('ingest/ingest.js');
  const { openSource } = await built('ingest/sources/open-source.js');
  const { openDatabase } = await built('store/database.js');
  const { DuckDbEngine } = await built('store/duckdb/duckdb-engine.js');
  const { serve } = await built('api/listen.js');

  const directory = mkdtempSync(path.join(tmpdir(), 'keymeter-demo-server-'));
  const truth = await generateDemoTrail(directory, { seed: 1 });
  const database = await openDatabase(':memory:');
  await ingest(database, [await openSource(directory)], { workers: 2 });
  const engine = new DuckDbEngine(database);
  const config = configSchema.parse({ quotaOverrides: truth.quota_overrides });
  const dashboards = path.join(root, 'dist/dashboards');
  const server = await serve({ engine, config, port: 0, dashboards, wait_ms: 60_000 });
  const browser = await chromium.launch({
    executablePath,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  });
  return {
    url: server.url,
    browser,
    async close() {
      await browser.close();
      await server.close();
      engine.close();
      database.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** Until nothing on the page is being asked for and every chart is drawn. */
export async function drawn(page) {
  await page.waitForSelector('main h1');
  await page.waitForFunction(
    () =>
      document.querySelector('[aria-busy="true"], [data-state="loading"]') === null &&
      [...document.querySelectorAll('.tile')].every((tile) => tile.hasAttribute('data-state')) &&
      [...document.querySelectorAll('.chart')].every((chart) => chart.hasAttribute('data-drawn')),
  );
}
