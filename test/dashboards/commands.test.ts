import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve, type RunningServer } from '../../api/listen.ts';
import { readConfig } from '../../core/config.ts';
import { openEngine } from '../../store/open-engine.ts';
import type { OpenedEngine } from '../../store/engine.ts';
import {
  allSettled,
  chromiumPath,
  dashboardsPath,
  launchChromium,
  watchedPage,
} from '../support/browser.ts';
import { demoDatabase, type DemoDatabase } from '../support/demo-database.ts';

const executable = chromiumPath();
if (!executable) console.warn('SKIPPED: no Chromium; no command is copied.');

const main = path.join(import.meta.dirname, '../../dist/cli/main.js');
const everything = {
  '/': '',
  '/cost': 'from,bill,buckets,caching,keys,copies,compare,reconcile',
  '/capacity':
    'rates,throttling,contributors,all-quotas,forecast,what-if,by-service,by-principal,by-key,hot-keys',
  '/security':
    'rules,access,denied-access,policy-changes,grants,deletion-risk,cross-account,first-seen',
  '/coverage': '',
} as const;

describe.skipIf(!executable)('the commands that the pages copy', { timeout: 900_000 }, () => {
  let demo: DemoDatabase;
  let engine: OpenedEngine;
  let server: RunningServer;
  let browser: Browser;

  beforeAll(async () => {
    demo = await demoDatabase();
    engine = await openEngine(`duckdb:${demo.database}`);
    server = await serve({
      engine,
      config: readConfig(demo.configFile),
      port: 0,
      dashboards: dashboardsPath,
      database: demo.database,
      files: { config: demo.configFile },
      deadline_ms: 240_000,
    });
    browser = await launchChromium(executable!);
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    engine?.close();
    demo?.remove();
  });

  /** Runs a copied line as a shell does, with `keymeter` as this build's. */
  const shell = async (line: string): Promise<unknown[]> => {
    const script = `keymeter() { "${process.execPath}" "${main}" "$@"; }; ${line} --format json`;
    const { stdout } = await promisify(execFile)('bash', ['-c', script], {
      maxBuffer: 1 << 28,
    });
    return (JSON.parse(stdout) as { rows: unknown[] }).rows;
  };

  test('give exactly the rows of their panels, for every panel', async () => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 1000 } });
    await context.addInitScript(() => {
      const copied: string[] = [];
      Object.assign(window, { copied });
      const writeText = (text: string) => Promise.resolve(void copied.push(text));
      Object.defineProperty(navigator, 'clipboard', { value: { writeText } });
    });
    const { page } = await watchedPage(context, server.url);
    const shown = new Map<string, Set<string>>();
    page.on('response', (response) => {
      const match = /\/api\/v1\/analyses\/([a-z-]+)\??/.exec(response.url());
      if (!match || response.status() !== 200) return;
      void response.json().then(
        ({ rows }: { rows: unknown[] }) => {
          const known = shown.get(match[1]!) ?? new Set<string>();
          shown.set(match[1]!, known.add(JSON.stringify(rows)));
        },
        () => {},
      );
    });
    const commands = new Set<string>();
    for (const [address, open] of Object.entries(everything)) {
      const scope = address === '/capacity' ? '&account=111122223333' : '';
      await page.goto(`${server.url}${address}?open=${open}${scope}`);
      await allSettled(page);
      const copied = await page.evaluate(async () => {
        const buttons = document.querySelectorAll<HTMLElement>(
          'section[data-analysis] button[title^="Copy the command"]',
        );
        for (const button of buttons) button.click();
        await new Promise((resolve) => setTimeout(resolve, 200));
        return (window as unknown as { copied: string[] }).copied;
      });
      for (const command of copied) commands.add(command);
    }
    expect(commands.size).toBeGreaterThan(30);
    for (const command of commands) {
      const name = /^keymeter run ([a-z-]+) /.exec(command)![1]!;
      expect(command).toContain(` --db ${demo.database} --config ${demo.configFile}`);
      const rows = JSON.stringify(await shell(command));
      expect([command, shown.get(name)?.has(rows)]).toEqual([command, true]);
    }
    console.log(`${commands.size} commands copied and run`);
    await context.close();
  });

  test('are quoted: a value from the log is one word of the shell', async () => {
    const context = await browser.newContext();
    await context.addInitScript(() => {
      const writeText = (text: string) => {
        document.title = text;
        return Promise.resolve();
      };
      Object.defineProperty(navigator, 'clipboard', { value: { writeText } });
    });
    const page = await context.newPage();
    const hostile = `x'; touch /tmp/keymeter-was-here; echo '$(id)`;
    const search = new URLSearchParams({ analysis: 'key-usage', key: hostile });
    await page.goto(`${server.url}/explore?${search}`);
    await allSettled(page);
    await page.getByRole('button', { name: 'CLI' }).click();
    await expect.poll(() => page.title()).toContain('keymeter run key-usage');
    expect(await shell(await page.title())).toEqual([]);
    await context.close();
  });
});
