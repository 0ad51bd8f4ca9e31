import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type Locator,
  type Page,
} from 'playwright-core';
import { serve, type RunningServer } from '../../api/listen.ts';
import { generateDemoTrail } from '../../demo/generate.ts';
import type { DemoTruth } from '../../demo/truth.ts';
import { configSchema } from '../../core/config.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import { openDatabase } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';

/** Debian's Chromium, or the one that KEYMETER_CHROMIUM names; null when there is none. */
export function chromiumPath(): string | null {
  const file = process.env['KEYMETER_CHROMIUM'] ?? '/usr/bin/chromium';
  return existsSync(file) ? file : null;
}

export const dashboardsPath = path.join(import.meta.dirname, '../../dist/dashboards');

export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    timeout: 180_000,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface DemoServer {
  server: RunningServer;
  engine: DuckDbEngine;
  truth: DemoTruth;
  close(): Promise<void>;
}

/** The demo trail, generated, ingested and served with the web app. */
export async function serveDemo(): Promise<DemoServer> {
  const directory = mkdtempSync(path.join(tmpdir(), 'keymeter-pages-'));
  const trail = path.join(directory, 'trail');
  const truth = await generateDemoTrail(trail, { seed: 1 });
  const database = await openDatabase(':memory:');
  await ingest(database, [await openSource(trail)], { workers: 2 });
  const engine = new DuckDbEngine(database);
  const config = configSchema.parse({ quotaOverrides: truth.quota_overrides });
  const server = await serve({
    engine,
    config,
    port: 0,
    dashboards: dashboardsPath,
    database: 'demo.duckdb',
    wait_ms: 240_000,
  });
  return {
    server,
    engine,
    truth,
    close: async () => {
      await server.close();
      engine.close();
      database.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** What a page did that it must not do. */
export interface Offences {
  console: string[];
  hosts: string[];
  csp: string[];
}

/** A page that notes console errors, requests to other hosts and CSP violations. */
export async function watchedPage(
  context: BrowserContext,
  origin: string,
): Promise<{ page: Page; offences: Offences }> {
  const page = await context.newPage();
  // Time limits only end what hangs: machines are shared.
  page.setDefaultTimeout(180_000);
  const offences: Offences = { console: [], hosts: [], csp: [] };
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      offences.console.push(`${message.text()} ${message.location().url}`);
    }
  });
  page.on('pageerror', (error) => offences.console.push(error.message));
  page.on('dialog', (dialog) => {
    offences.console.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith('data:')) {
      offences.hosts.push(request.url());
    }
  });
  await page.exposeFunction('noteCspViolation', (text: string) => offences.csp.push(text));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const note = (window as unknown as { noteCspViolation: (text: string) => void })
        .noteCspViolation;
      note(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
    });
  });
  return { page, offences };
}

/**
 * Waits until no panel or tile is asking any more, nor is about to: a panel in sight asks only once
 * the browser has told it that it is seen, which on a busy machine is later than the page is drawn.
 */
export async function settled(page: Page): Promise<void> {
  await page.waitForSelector('main h1');
  await page.waitForFunction(() => {
    const busy = document.querySelector('[aria-busy="true"], [data-state="loading"]') !== null;
    const tiles = [...document.querySelectorAll('.tile')];
    const inSight = [...document.querySelectorAll<HTMLElement>('section[data-analysis]')].filter(
      (panel) => {
        const { top, bottom, height } = panel.getBoundingClientRect();
        return height > 0 && bottom > 0 && top < innerHeight;
      },
    );
    return (
      !busy &&
      tiles.every((tile) => tile.hasAttribute('data-state')) &&
      inSight.every((panel) => panel.hasAttribute('data-state'))
    );
  });
}

/** The panel of an analysis, in sight and with its answer. */
export async function settledPanel(page: Page, analysis: string): Promise<Locator> {
  const panel = page.locator(`section[data-analysis="${analysis}"]`).first();
  await panel.evaluate((element) => element.scrollIntoView());
  await settled(page);
  return panel;
}

/** Scrolls through the page until each of its panels has asked and has its answer. */
export async function allSettled(page: Page): Promise<void> {
  await settled(page);
  await page.waitForFunction(() => {
    const silent = document.querySelector('section[data-analysis]:not([data-state])');
    silent?.scrollIntoView();
    return silent === null;
  });
  await settled(page);
  await page.evaluate(() => scrollTo(0, 0));
}
