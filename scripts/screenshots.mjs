// Takes the pictures in docs/img of each page on the demo trail, in light and dark, from the built product.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = (name) => import(path.join(root, 'dist', name));
const executablePath = process.env['KEYMETER_CHROMIUM'] ?? '/usr/bin/chromium';
if (!existsSync(executablePath)) {
  console.error(`no Chromium at ${executablePath}: install it, or name one with KEYMETER_CHROMIUM`);
  process.exit(2);
}
const { generateDemoTrail } = await built('cli/demo/generate.js');
const { configSchema } = await built('core/config.js');
const { ingest } = await built('ingest/ingest.js');
const { openSource } = await built('ingest/sources/open-source.js');
const { openDatabase } = await built('store/database.js');
const { DuckDbEngine } = await built('store/engine.js');
const { serve } = await built('api/listen.js');

const directory = mkdtempSync(path.join(tmpdir(), 'keymeter-pictures-'));
const truth = await generateDemoTrail(directory, { seed: 1 });
const database = await openDatabase(':memory:');
await ingest(database, [await openSource(directory)], { workers: 2 });
const engine = new DuckDbEngine(database);
const config = configSchema.parse({ quotaOverrides: truth.quota_overrides });
const dashboards = path.join(root, 'dist/dashboards');
const server = await serve({ engine, config, port: 0, dashboards, deadline_ms: 60_000 });

const storm =
  'from=2026-10-17T15:19:45Z&to=2026-10-17T15:20:36Z&account=111122223333&region=us-east-1';
const pictures = [
  ['overview', '/'],
  ['capacity', '/capacity'],
  [
    'capacity-burst',
    `/capacity?${storm}&at=2026-10-17T15:20:05Z&limit_per_second=200&quota=crypto_symmetric`,
  ],
  ['cost', '/cost'],
  ['security', '/security'],
  ['coverage', '/coverage'],
  ['api-reference', '/docs'],
];

const browser = await chromium.launch({
  executablePath,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
});
for (const colorScheme of ['light', 'dark']) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 1100 }, colorScheme });
  for (const [name, address] of pictures) {
    if (colorScheme === 'dark' && name !== 'overview') continue;
    await page.goto(server.url + address);
    await page.waitForSelector('main h1');
    await page.waitForFunction(
      () =>
        document.querySelector('[aria-busy="true"], [data-state="loading"]') === null &&
        [...document.querySelectorAll('.tile')].every((tile) => tile.hasAttribute('data-state')) &&
        [...document.querySelectorAll('.chart')].every((chart) => chart.hasAttribute('data-drawn')),
    );
    const file = `docs/img/${name}${colorScheme === 'dark' ? '-dark' : ''}.png`;
    await page.screenshot({ path: path.join(root, file) });
    console.log(file);
  }
  await page.close();
}
await browser.close();
await server.close();
engine.close();
database.close();
rmSync(directory, { recursive: true });
