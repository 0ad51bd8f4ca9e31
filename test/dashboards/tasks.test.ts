import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve, type RunningServer } from '../../api/listen.ts';
import { defaultConfig } from '../../core/config.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import { openDatabase } from '../../store/database.ts';
import { engineOver } from '../../store/open-engine.ts';
import {
  chromiumPath,
  dashboardsPath,
  launchChromium,
  serveDemo,
  settled,
  watchedPage,
  type Offences,
} from '../support/browser.ts';
import { rawRequest } from '../support/server.ts';
import { sharedData, sharedFile } from '../support/shared-data.ts';

const executable = chromiumPath();
if (!executable) console.warn('SKIPPED: no Chromium; the tasks are not done.');

type Row = Record<string, any>;
const clicks_max = 3;

/** A page on which clicks are counted from the Overview on. */
class Reader {
  readonly page: Page;
  readonly #origin: string;
  clicks = 0;

  constructor(page: Page, origin: string) {
    this.page = page;
    this.#origin = origin;
  }

  async start(): Promise<void> {
    this.clicks = 0;
    await this.page.goto(this.#origin);
    await settled(this.page);
  }

  async click(selector: string): Promise<void> {
    this.clicks++;
    await this.page.locator(selector).first().click();
    await settled(this.page);
  }

  nav = (name: string) => this.click(`nav a:has-text("${name}")`);
  evidence = (name: string) => this.click(`[data-evidence="${name}"] > summary`);
  text = (selector: string) => this.page.locator(selector).first().innerText();

  /** Search is typing and Enter: one step of the hand, counted as a click. */
  async investigate(what: string): Promise<void> {
    this.clicks++;
    await this.page.getByRole('searchbox', { name: /Investigate/ }).fill(what);
    await this.page.keyboard.press('Enter');
    await this.page.waitForURL(/(key|principal|bucket|source|access_key)=/);
    await settled(this.page);
  }
}

interface Site {
  name: string;
  open: () => Promise<{ server: RunningServer; close: () => Promise<void> }>;
}

async function serveReal() {
  const database = await openDatabase(':memory:');
  await ingest(database, [await openSource(sharedFile('real'))], { workers: 2 });
  const engine = engineOver(database);
  const server = await serve({
    engine,
    config: defaultConfig,
    port: 0,
    dashboards: dashboardsPath,
    database: 'real.duckdb',
    deadline_ms: 240_000,
  });
  return {
    server,
    close: async () => {
      await server.close();
      engine.close();
      database.close();
    },
  };
}

const sites: Site[] = [
  { name: 'the demo', open: serveDemo },
  ...(sharedData ? [{ name: 'real logs', open: serveReal }] : []),
];

describe.skipIf(!executable).each(sites)(
  'the fifteen tasks on $name, each in three clicks from the Overview',
  { timeout: 600_000 },
  ({ open }) => {
    let site: Awaited<ReturnType<Site['open']>>;
    let browser: Browser;
    let context: BrowserContext;
    let offences: Offences;
    let reader: Reader;

    beforeAll(async () => {
      site = await open();
      browser = await launchChromium(executable!);
      context = await browser.newContext({ viewport: { width: 1440, height: 1000 } });
      const watched = await watchedPage(context, site.server.url);
      offences = watched.offences;
      reader = new Reader(watched.page, site.server.url);
    }, 600_000);
    afterAll(async () => {
      await browser?.close();
      await site?.close();
    });

    const rowsOf = async (address: string): Promise<Row[]> => {
      const answer = await rawRequest(site.server.port, `/api/v1/analyses/${address}`);
      expect(answer.status).toBe(200);
      return (answer.json() as { rows: Row[] }).rows;
    };
    const task = (name: string, work: () => Promise<void>) =>
      test(name, async () => {
        await reader.start();
        await work();
        expect(reader.clicks).toBeLessThanOrEqual(clicks_max);
        expect(offences).toEqual({ console: [], hosts: [], csp: [] });
      });
    const download = async (item: string) => {
      reader.clicks += 2;
      const menu = reader.page.locator('details.report > summary');
      await menu.click();
      const [file] = await Promise.all([
        reader.page.waitForEvent('download'),
        reader.page.getByRole('button', { name: item }).click(),
      ]);
      return file.suggestedFilename();
    };

    task('FinOps: where does the cost come from', async () => {
      await reader.nav('Cost');
      await reader.evidence('from');
      const [total] = await rowsOf('request-cost?by=resource&limit=1000');
      const shown = reader.page.locator('[data-total-cost]');
      expect(Number(await shown.getAttribute('data-total-cost'))).toBe(total!['cost_usd']);
    });

    task('FinOps: which bucket', async () => {
      await reader.nav('Cost');
      await reader.evidence('buckets');
      const [first] = await rowsOf('bucket-key-savings');
      const cell = '[data-analysis="bucket-key-savings"] td[data-column="s3_bucket"]';
      expect(await reader.text(cell)).toBe(first!['s3_bucket']);
    });

    task('FinOps: how much', async () => {
      const rows = await rowsOf('bill');
      const total = rows.find((row) => row['account_id'] === '(all)' && row['line'] === 'total')!;
      const cost = Number(total['before_usd_monthly'] ?? total['before_usd']);
      await reader.nav('Cost');
      expect(await reader.text('[data-figure="bill"]')).toContain(`$${cost.toFixed(2)}`);
    });

    task('FinOps: how sure is a saving, and why', async () => {
      await reader.nav('Cost');
      const [first] = await rowsOf('findings');
      expect(await reader.text('.levers [data-confidence]')).toBe(first!['confidence']);
      expect(await reader.text('.levers > li')).toContain(first!['confidence_reason']);
    });

    task('FinOps: what to send', async () => {
      await reader.nav('Cost');
      expect(await download('Report as HTML')).toBe('keymeter-finops.html');
    });

    task('planner: how near are the quotas', async () => {
      const rows = await rowsOf('quota-utilisation');
      const most = Math.max(...rows.map((row) => Number(row['utilisation_peak_percent'] ?? 0)));
      const shown = Number(
        (await reader.text('[data-figure="quota-peak"]')).replace(/\u202f%$/, ''),
      );
      expect(shown).toBeCloseTo(most, 1);
    });

    task('planner: when are they full', async () => {
      await reader.nav('Capacity');
      const [first] = await rowsOf('quota-forecast');
      const cell = '[data-analysis="quota-forecast"] td[data-column="quota_name"]';
      expect(await reader.text(cell)).toBe(first!['quota_name']);
    });

    task('planner: the worst second and who called in it', async () => {
      await reader.nav('Capacity');
      await reader.click('[data-block="answer"] .sentence a');
      const at = await reader.page.locator('[data-cursor]').getAttribute('data-cursor');
      const [worst] = (await rowsOf('quota-utilisation')).filter(
        (row) => row['utilisation_peak_percent'] !== null,
      );
      expect(Date.parse(at!)).toBe(Date.parse(worst!['accepted_peak_at']));
      const principal = reader.page
        .locator('section[data-analysis="call-rates"]', { hasText: 'By principal' })
        .first();
      await principal.evaluate((element) => element.scrollIntoView());
      await settled(reader.page);
      expect(await principal.locator('.chart').getAttribute('aria-label')).toMatch(
        /^Calls by principal; largest /,
      );
    });

    task('planner: what to ask AWS for', async () => {
      await reader.nav('Capacity');
      const requests = (await rowsOf('quota-request')).filter(
        (row) => row['desired_value'] > row['current_value'],
      );
      const text = await reader.text('[data-block="requests"]');
      if (requests.length === 0) expect(text).toContain('no quota needs a higher value');
      else expect(text).toContain(`Raise ${requests[0]!['quota_name']}`);
    });

    task('planner: the evidence for it', async () => {
      await reader.nav('Capacity');
      expect(await download('Report as Markdown')).toBe('keymeter-capacity.md');
    });

    /** The principal of the gravest finding: what an investigator starts from. */
    const suspect = async () => {
      const rows = await rowsOf('detections?limit=10000');
      return String(rows.find((row) => row['principal_arn'] !== null)!['principal_arn']);
    };

    task('investigator: first when and from where', async () => {
      const principal = await suspect();
      await reader.nav('Security');
      await reader.investigate(principal);
      const rows = await rowsOf(
        `principal-timeline?limit=100000&principal=${encodeURIComponent(principal)}`,
      );
      const first = rows.reduce((a, b) => (b['first_at'] < a['first_at'] ? b : a));
      expect(Date.parse(`${(await reader.text('[data-figure="first"]')).replace(' ', 'T')}Z`)).toBe(
        Date.parse(first['first_at']),
      );
      expect(await reader.text('[data-figure="from"]')).toBe(first['caller_source']);
    });

    task('investigator: which objects', async () => {
      const principal = await suspect();
      await reader.nav('Security');
      await reader.investigate(principal);
      await reader.evidence('objects');
      const rows = await rowsOf(
        `blast-radius?limit=100000&principal=${encodeURIComponent(principal)}`,
      );
      const kind = String(rows[0]!['kind']);
      const count = rows.filter((row) => row['kind'] === kind).length;
      expect(await reader.text('[data-figure="reach"]')).toContain(
        `${count.toLocaleString('en-US').replaceAll(',', '\u202f')} × ${kind.replaceAll('_', ' ')}`,
      );
    });

    task('investigator: what else', async () => {
      const principal = await suspect();
      await reader.nav('Security');
      const name = await reader.page.locator('[data-block="findings"] .cards > li').count();
      expect(name).toBeGreaterThan(0);
      await reader.investigate(principal);
      await reader.evidence('access');
      const [first] = await rowsOf(`access-matrix?principal=${encodeURIComponent(principal)}`);
      const panel = reader.page.locator('[data-analysis="access-matrix"]');
      expect(await panel.getAttribute('data-state')).toBe(first ? 'ready' : 'empty');
    });

    task('investigator: what is missing', async () => {
      await reader.nav('Security');
      await reader.investigate(await suspect());
      expect(await reader.text('[data-figure="missing"]')).toMatch(/hours|No gap is known/);
    });

    task('investigator: hand over', async () => {
      await reader.nav('Security');
      await reader.investigate(await suspect());
      reader.clicks++;
      const [file] = await Promise.all([
        reader.page.waitForEvent('download'),
        reader.page.getByRole('button', { name: 'Download evidence pack' }).click(),
      ]);
      expect(file.suggestedFilename()).toBe('keymeter-security.evidence.json');
    });
  },
);
