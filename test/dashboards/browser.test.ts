import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { analyses } from '../../analytics/registry.ts';
import { serve } from '../../api/listen.ts';
import { newToken } from '../../api/token.ts';
import { defaultConfig } from '../../core/config.ts';
import { overviewQueries } from '../../api/warm-overview.ts';
import { english, showAllColumns } from '../support/page-cells.ts';
import { rawRequest } from '../support/server.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  allSettled,
  chromiumPath,
  dashboardsPath,
  launchChromium,
  serveDemo,
  settled,
  settledPanel,
  watchedPage,
  type DemoServer,
  type Offences,
} from '../support/browser.ts';

const executable = chromiumPath();
if (!executable) {
  console.warn(
    'SKIPPED: no Chromium at /usr/bin/chromium nor at KEYMETER_CHROMIUM; the pages are not opened.',
  );
}

const pages = ['/', '/capacity', '/cost', '/security', '/coverage', '/explore'];

test('the app is under 400 KB gzipped', () => {
  const files = readdirSync(dashboardsPath, { recursive: true, withFileTypes: true });
  const sizes = files
    .filter((entry) => entry.isFile())
    .map((entry) => gzipSync(readFileSync(path.join(entry.parentPath, entry.name))).length);
  expect(sizes.length).toBeGreaterThan(3);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(400_000);
});

test('nothing in the app parses text as HTML or code', () => {
  const root = path.join(import.meta.dirname, '../../dashboards');
  const sources = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8'));
  const risky =
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc/;
  expect(sources.filter((text) => risky.test(text))).toEqual([]);
});

describe.skipIf(!executable)('the pages on the demo trail', { timeout: 600_000 }, () => {
  let demo: DemoServer;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let offences: Offences;

  beforeAll(async () => {
    demo = await serveDemo();
    browser = await launchChromium(executable!);
    context = await browser.newContext({ viewport: { width: 1440, height: 1000 } });
    ({ page, offences } = await watchedPage(context, demo.server.url));
  }, 600_000);

  afterAll(async () => {
    await browser?.close();
    await demo?.close();
  });

  const open = async (address: string) => {
    await page.goto(demo.server.url + address);
    await settled(page);
  };
  const api = async (address: string) => {
    // A connection of its own: one that was kept may be closed by the server as it is used again.
    const answer = await rawRequest(demo.server.port, address);
    expect(answer.status).toBe(200);
    return answer.json() as { rows: Record<string, any>[] };
  };
  const tile = (label: string) => page.locator(`[data-tile="${label}"] strong`).innerText();

  const clean = () => expect(offences).toEqual({ console: [], hosts: [], csp: [] });

  test('the overview shows the numbers of the API', async () => {
    await open('/');
    const { rows } = await api('/api/v1/analyses/call-rates?bin=day&limit=100000');
    const sum = (name: string) => rows.reduce((total, row) => total + Number(row[name]), 0);
    expect(await tile('KMS calls')).toBe(english(sum('calls')));
    expect(await tile('Throttled calls')).toBe(english(sum('throttled_calls')));
    const peak = Math.max(...rows.map((row) => Number(row['calls_per_second_peak'])));
    expect(await tile('Busiest second')).toBe(`${english(peak)}/s`);
    clean();
  });

  test('the overview asks what the server has ready', async () => {
    const asked: string[] = [];
    page.on('request', (request) => {
      const [, query] = request.url().split('/api/v1/analyses/');
      if (query) asked.push(query);
    });
    await open('/');
    await allSettled(page);

    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter((query) => !overviewQueries.includes(query))).toEqual([]);
  });

  test('every table shows what its analysis gives', async () => {
    for (const address of pages) {
      await open(address);
      await allSettled(page);
      const shown = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('section[data-analysis]')].map((panel) => ({
          name: panel.dataset['analysis'],
          state: panel.dataset['state'],
          problem: panel.querySelector('.problem')?.textContent ?? '',
        })),
      );
      expect(
        shown.filter((panel) => !['ready', 'empty', 'waiting'].includes(panel.state ?? '')),
      ).toEqual([]);
    }
    await open('/capacity?open=by-service');
    const { rows } = await api('/api/v1/analyses/service-usage');
    const usage = await settledPanel(page, 'service-usage');
    const cells = await usage.locator('td[data-column="calls"]').allTextContents();
    expect(cells).toEqual(rows.map((row) => english(row['calls'])));
    clean();
  });

  test('the worst second against its own quota is the answer of the Capacity page', async () => {
    await open('/capacity?open=all-quotas');
    const { rows } = await api('/api/v1/analyses/quota-utilisation');
    const highest = Math.max(...rows.map((row) => Number(row['utilisation_peak_percent'] ?? 0)));
    const percent = `${english(Math.round(highest * 10) / 10)}\u202f%`;
    expect(await page.locator('[data-figure="quota-peak"]').innerText()).toBe(percent);
    const picture = page.locator('[data-block="answer"] .chart');
    expect(await picture.getAttribute('aria-label')).toContain(`with ${percent}`);
    const panel = await settledPanel(page, 'quota-utilisation');
    const peaks = await panel.locator('td[data-column="accepted_peak"]').allTextContents();
    expect(peaks).toEqual(rows.slice(0, 25).map((row) => english(row['accepted_peak'])));
  });

  test('the bill on the pages is the bill of the API, and its parts add up', async () => {
    const { rows } = await api('/api/v1/analyses/bill');
    const line = (name: string) =>
      rows.find((row) => row['account_id'] === '(all)' && row['line'] === name)!;
    const parts = ['keys', 'requests', 'cloudtrail_copies', 'free_tier'].map((name) =>
      Number(line(name)['before_usd_monthly']),
    );
    const total = Number(line('total')['before_usd_monthly']);
    expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(total, 6);
    for (const address of ['/', '/cost']) {
      await open(address);
      const shown = await page.locator('[data-figure="bill"]').first().innerText();
      expect(shown.startsWith(`$${total.toFixed(2)}`)).toBe(true);
    }
  });

  test('pages are reached by click and by address, and back goes back', async () => {
    await open('/');
    for (const name of ['Cost', 'Capacity', 'Security', 'Coverage', 'Explore']) {
      await page.getByRole('navigation').getByRole('link', { name }).click();
      await settled(page);
      expect(new URL(page.url()).pathname).toBe(`/${name.toLowerCase()}`);
      expect(await page.locator('main h1').innerText()).toBe(name);
      expect(await page.title()).toBe(`${name} · keymeter`);
    }
    await page.goBack();
    await page.locator('main h1', { hasText: 'Coverage' }).waitFor();
    await settled(page);
    clean();
  });

  test("a one-second burst is on the month's chart and is found by zooming in", async () => {
    const truth = demo.truth.situations['one_second_bursts'] as {
      account_id: string;
      region: string;
      bursts_at: string[];
      calls_each: number;
      principal_arn: string;
    };
    const scope = `account=${truth.account_id}&region=${truth.region}`;
    await open(`/capacity?open=rates&${scope}`);
    const chart = (await settledPanel(page, 'call-rates')).locator('.chart').first();
    expect(await chart.getAttribute('aria-label')).toMatch(
      /^Peak 240 calls per second .* drawn by hour$/,
    );
    // Zooming goes through the chart's own control, as a reader's wheel does.
    await page.waitForSelector('section[data-analysis="call-rates"] .chart[data-drawn]');
    // Panels that come late move the chart: the wheel is turned until it has met it.
    const zoomed = () => new URL(page.url()).searchParams.has('from');
    while (!zoomed()) {
      const box = (await chart.boundingBox())!;
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.mouse.wheel(0, -600);
      await page.waitForURL(/from=/, { timeout: 3_000 }).catch(() => {});
    }
    await settled(page);
    expect(new URL(page.url()).searchParams.get('account')).toBe(truth.account_id);

    const at = truth.bursts_at[2]!;
    const around = (s: number) => new Date(Date.parse(at) + s * 1000).toISOString();
    await open(`/capacity?${scope}&from=${around(-60)}&to=${around(60)}&at=${at}`);
    const rates = await settledPanel(page, 'call-rates');
    const label = await rates.locator('.chart').first().getAttribute('aria-label');
    expect(label).toBe(
      `Peak ${truth.calls_each} calls per second at ${at.replace('T', ' ').slice(0, 19)}, drawn by second`,
    );
    const cursor = page.locator('[data-cursor]', { hasText: 'in this second' });
    expect(await cursor.innerText()).toContain(`${truth.calls_each} calls in this second`);
    await allSettled(page);
    const caller = page.locator('[data-analysis="call-rates"] td[data-column="group_name"]');
    expect(await caller.allTextContents()).toContain(truth.principal_arn.replace(/^.*:/, ''));
    clean();
  });

  test('a click on a value narrows the page, and removing the filter widens it', async () => {
    await open('/security?open=access');
    const panel = await settledPanel(page, 'access-matrix');
    await panel.locator('details.rows > summary').click();
    const value = panel.locator('td[data-column="principal_arn"] a').first();
    const arn = (await value.getAttribute('title'))!.replace('Only principal ', '');
    await value.click();
    await settled(page);
    expect(new URL(page.url()).searchParams.get('principal')).toBe(arn);
    const { rows } = await api(
      `/api/v1/analyses/access-matrix?principal=${encodeURIComponent(arn)}`,
    );
    const narrowed = await settledPanel(page, 'access-matrix');
    const cells = await narrowed.locator('td[data-column="calls"]').allTextContents();
    expect(cells).toEqual(rows.slice(0, 25).map((row) => english(row['calls'])));
    await page.getByRole('button', { name: /^Remove the filter principal/ }).click();
    await settled(page);
    expect(new URL(page.url()).searchParams.get('principal')).toBeNull();
    clean();
  });

  test('what-if changes the peak', async (context) => {
    if (!(await analyses()).has('quota-what-if')) return context.skip('no quota-what-if yet');
    const scope = 'account=111122223333&region=us-east-1';
    const path = `/api/v1/analyses/quota-what-if?${scope}`;
    await open(`/capacity?open=what-if&${scope}`);
    await settledPanel(page, 'quota-what-if');
    const peak = (name: string, row: Record<string, any>) =>
      `${english(row[`peak_${name}`])}/s, ${english(Math.round(row[`percent_${name}`] * 10) / 10)}\u202f% of quota`;
    const shown = () => page.locator('[data-what-if="source"] .number').allTextContents();
    const [unchanged] = (await api(path)).rows;
    expect(await shown()).toEqual([peak('before', unchanged!), peak('after', unchanged!)]);
    const slider = page.locator('[data-panel="what-if"] input[name="factor"]');
    await slider.focus();
    for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowLeft');
    await page.waitForURL(/factor=0\.5/);
    const [halved] = (await api(`${path}&factor=0.5`)).rows;
    expect(halved!['peak_after']).toBeLessThan(unchanged!['peak_after']);
    await page.getByText(peak('after', halved!)).waitFor();
    expect(await shown()).toEqual([peak('before', halved!), peak('after', halved!)]);
    // The slider keeps the focus: only the answer was drawn again.
    expect(await slider.evaluate((input) => input === document.activeElement)).toBe(true);
    clean();
  });

  test('hostile strings are text', async () => {
    const truth = demo.truth.situations['hostile_strings'] as {
      principal_arn: string;
      key_arn: string;
    };
    for (const filter of [
      `key=${encodeURIComponent(truth.key_arn)}`,
      `principal=${encodeURIComponent(truth.principal_arn)}`,
    ]) {
      await open(`/security?open=timeline&${filter}`);
      await allSettled(page);
    }
    const timeline = await settledPanel(page, 'principal-timeline');
    await showAllColumns(page, 'principal-timeline');
    const text = (await timeline.textContent()) ?? '';
    expect(text).toContain('<script>alert("keymeter")</script>');
    expect(await page.locator('img, script:not([src])').count()).toBe(0);
    clean();
  });

  test('an event opens with its stored columns', async () => {
    const { rows } = await api('/api/v1/analyses/access-matrix?limit=1');
    await open('/security?open=access');
    const panel = await settledPanel(page, 'access-matrix');
    await panel.locator('details.rows > summary').click();
    // The event is not among the chosen columns: it is in the drawer of its row.
    await panel.locator('td.more button').first().click();
    const row = page.getByRole('dialog', { name: 'Row' });
    await row.locator('dd[data-column="event_id"] button').click();
    const drawer = page.getByRole('dialog', { name: 'Event' });
    await drawer.getByText('Stored event').waitFor();
    expect(await drawer.innerText()).toContain(String(rows[0]!['event_id']));
    // The demo server of this test gives no raw records: the drawer says so, and the 404 is expected.
    const isRaw = (text: string) => text.includes('/api/v1/raw');
    await expect.poll(() => offences.console.some(isRaw), { timeout: 60_000 }).toBe(true);
    offences.console = offences.console.filter((text) => !isRaw(text));
    await page.keyboard.press('Escape');
    expect(await drawer.isVisible()).toBe(false);
    clean();
  });

  test('the savings curves equal the replays that they draw', async () => {
    await open('/cost?open=caching');
    await page.getByRole('button', { name: 'Draw the curves' }).click();
    const chart = page.locator('[data-panel="savings-curves"] .chart');
    await chart.waitFor();
    const saved = async (analysis: string, setting: string, column: string) => {
      const { rows } = await api(`/api/v1/analyses/${analysis}?${setting}`);
      return rows.reduce((sum, row) => sum + Number(row[column] ?? 0), 0);
    };
    const buckets = await saved(
      'bucket-key-savings',
      'window_seconds=900',
      'saved_calls_rewritten',
    );
    const caches = await saved('data-key-cache-savings', 'max_age_seconds=3600', 'saved_calls');
    const label = await chart.getAttribute('aria-label');
    expect(label).toContain(`S3 Bucket Keys ${english(buckets)} at 900 s`);
    expect(label).toContain(`Data key caching ${english(caches)} at 3\u202f600 s`);
    clean();
  });

  test('a server with a token asks for it once, or takes it from the fragment', async () => {
    const token = newToken();
    const guarded = await serve({
      engine: demo.engine,
      config: defaultConfig,
      port: 0,
      dashboards: dashboardsPath,
      token,
      wait_ms: 240_000,
    });
    const fresh = await browser.newContext();
    try {
      fresh.setDefaultTimeout(180_000);
      const asked = await fresh.newPage();
      await asked.goto(guarded.url);
      await asked.getByLabel('Token').fill(token);
      await asked.getByRole('button', { name: 'Open' }).click();
      await settled(asked);
      expect(await asked.locator('[data-tile="KMS calls"] strong').innerText()).toMatch(
        /^[\d\u202f]+$/,
      );
      const linked = await fresh.newPage();
      await linked.goto(`${guarded.url}/capacity#token=${token}`);
      await settled(linked);
      expect(linked.url()).toBe(`${guarded.url}/capacity`);
    } finally {
      await fresh.close();
      await guarded.close();
    }
  });

  test('times are UTC or local, and the address keeps it', async () => {
    await open('/coverage');
    await page.getByRole('button', { name: /Times are UTC/ }).click();
    await settled(page);
    expect(new URL(page.url()).searchParams.get('zone')).toBe('local');
    expect(await page.getByRole('button', { name: /Times are local/ }).innerText()).toBe('Local');
  });

  test('an answer copies as the command that gives it', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await open('/capacity?open=by-service&account=111122223333');
    await page.locator('section[data-analysis="service-usage"] button', { hasText: 'CLI' }).click();
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()), { timeout: 60_000 })
      .toBe('keymeter run service-usage --db demo.duckdb --account 111122223333');
  });

  test('axe finds nothing serious, in light and dark, wide and narrow', async () => {
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    for (const [scheme, width] of [
      ['light', 1440],
      ['dark', 390],
    ] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 1000 });
      for (const address of [...pages, '/security?access_key=AKIANOBODY', '/docs', '/nope']) {
        await page.goto(demo.server.url + address);
        await page.waitForSelector('h1');
        if (address !== '/docs') await settled(page);
        await page.evaluate(() => {
          for (const menu of document.querySelectorAll<HTMLDetailsElement>('details.menu'))
            menu.open = true;
        });
        // Through the debugger, as the CSP lets no injected script run.
        const found = await page.evaluate(
          `${axe}; axe.run(document, { resultTypes: ['violations'] })`,
        );
        const serious = (
          found as { violations: { id: string; impact: string; nodes: { html: string }[] }[] }
        ).violations
          .filter((one) => one.impact === 'serious' || one.impact === 'critical')
          .map(
            (one) =>
              `${address} ${scheme} ${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`,
          );
        expect(serious).toEqual([]);
        const wide = await page.evaluate(
          () => document.documentElement.scrollWidth > innerWidth + 1,
        );
        expect([address, width, wide]).toEqual([address, width, false]);
      }
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 1440, height: 1000 });
  }, 600_000);
});
