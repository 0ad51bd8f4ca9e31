import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, Page, Response } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningServer } from '../../api/listen.ts';
import {
  chromiumPath,
  dashboardsPath,
  launchChromium,
  settledPanel,
  watchedPage,
  type Offences,
} from '../support/browser.ts';
import { event, withEvents } from '../support/events.ts';
import { patient, rawRequest, withServer } from '../support/server.ts';

const executable = chromiumPath();
if (!executable) console.warn('SKIPPED: no Chromium; the pages are not opened.');

const hour_s = 3_600;
const start = Date.parse('2026-10-05T00:00:00Z') / 1000;

/** Four days: six Decrypt calls an hour on the first two, two on the others; beside them one Encrypt. */
const events = Array.from({ length: 96 }, (_, hour) => hour).flatMap((hour) => [
  ...Array.from({ length: hour < 48 ? 6 : 2 }, (_, i) =>
    event({ event_time: start + hour * hour_s + i, operation: 'Decrypt' }),
  ),
  event({ event_time: start + hour * hour_s, operation: 'Encrypt' }),
]);

describe.skipIf(!executable)('the pages', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable!);
  });
  afterAll(async () => browser?.close());

  interface Opened {
    page: Page;
    offences: Offences;
    server: RunningServer;
    context: BrowserContext;
  }

  const withPage = (use: (opened: Opened) => Promise<void>) =>
    withEvents(events, (engine) =>
      withServer(
        engine,
        async (server) => {
          const context = await browser.newContext({ viewport: { width: 1440, height: 1000 } });
          try {
            await use({ ...(await watchedPage(context, server.url)), server, context });
          } finally {
            await context.close();
          }
        },
        { ...patient, dashboards: dashboardsPath, database: 'k.duckdb' },
      ),
    );

  test('the first content waits for no answer of the API, and for 40 KB at most', async () => {
    await withPage(async ({ page, offences, server }) => {
      const loaded: Response[] = [];
      page.on('response', (response) => loaded.push(response));
      let answer = () => {};
      const gate = new Promise<void>((resolve) => (answer = resolve));
      await page.route('**/api/**', async (route) => {
        await gate;
        await route.continue();
      });
      await page.goto(server.url);
      await page.getByRole('link', { name: 'Capacity' }).waitFor();
      await page.locator('.skeleton').waitFor();
      await page.waitForFunction(
        () => performance.getEntriesByName('first-contentful-paint').length > 0,
      );
      expect(loaded.map((response) => new URL(response.url()).pathname)).not.toContain(
        expect.stringContaining('/api/'),
      );
      const sizes = await Promise.all(
        loaded.map(async (response) => (await response.request().sizes()).responseBodySize),
      );
      expect(sizes.length).toBeGreaterThan(2);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(40_000);
      answer();
      await settledPanel(page, 'call-rates');
      expect(await page.locator('[data-tile="KMS calls"] strong').innerText()).toBe('480');
      expect(offences).toEqual({ console: [], hosts: [], csp: [] });
    });
  });

  const noClipboard = {
    missing: () => Object.defineProperty(navigator, 'clipboard', { value: undefined }),
    refused: () =>
      Object.defineProperty(navigator, 'clipboard', {
        value: { writeText: () => Promise.reject(new Error('refused')) },
      }),
  };
  test.each(['missing', 'refused'] as const)(
    'without a clipboard (%s) what would be copied is shown, selected',
    async (why) => {
      await withPage(async ({ page, offences, server, context }) => {
        await context.addInitScript(noClipboard[why]);
        await page.goto(`${server.url}/capacity?open=by-service&operation=Encrypt`);
        const panel = await settledPanel(page, 'service-usage');
        await panel.getByRole('button', { name: 'CLI' }).click();
        const field = page.getByRole('dialog').getByRole('textbox');
        const selected = await field.evaluate((element) => {
          const area = element as HTMLTextAreaElement;
          return area.value.slice(area.selectionStart, area.selectionEnd);
        });
        expect(selected).toBe('keymeter run service-usage --db k.duckdb');
        await page.keyboard.press('Escape');
        const [file] = await Promise.all([
          page.waitForEvent('download'),
          panel.getByRole('button', { name: 'CSV' }).click(),
        ]);
        const csv = await rawRequest(server.port, '/api/v1/analyses/service-usage?format=csv');
        expect(file.suggestedFilename()).toBe('keymeter-service-usage.csv');
        expect(readFileSync((await file.path())!, 'utf8')).toBe(csv.text);
        expect(offences).toEqual({ console: [], hosts: [], csp: [] });
      });
    },
  );

  test('a change is compared: the halves of the range at first, then what is asked for', async () => {
    await withPage(async ({ page, offences, server }) => {
      const numbers = async () => {
        const panel = await settledPanel(page, 'before-after');
        const columns = ['group_name', 'calls_before', 'calls_after'];
        const cells = columns.map((name) =>
          panel.locator(`tbody td[data-column="${name}"]`).allTextContents(),
        );
        return Promise.all(cells);
      };
      await page.goto(`${server.url}/cost?open=compare`);
      const form = page.getByRole('form', { name: 'Ranges to compare' });
      expect(await form.getByLabel('Changed at').inputValue()).toBe('2026-10-07T00:00:00Z');
      expect(await form.getByLabel('Hours').inputValue()).toBe('48');
      expect(await numbers()).toEqual([
        ['(total)', 'Decrypt', 'Encrypt'],
        ['336', '288', '48'],
        ['144', '96', '48'],
      ]);
      await form.getByLabel('Changed at').fill('2026-10-06');
      await form.getByLabel('Hours').fill('24');
      await form.getByRole('button', { name: 'Compare' }).click();
      expect(new URL(page.url()).searchParams.get('changed_at')).toBe('2026-10-06');
      expect(await numbers()).toEqual([
        ['(total)', 'Decrypt', 'Encrypt'],
        ['168', '144', '24'],
        ['168', '144', '24'],
      ]);
      expect(offences).toEqual({ console: [], hosts: [], csp: [] });

      await form.getByLabel('Changed at').fill('last tuesday');
      await form.getByRole('button', { name: 'Compare' }).click();
      const panel = await settledPanel(page, 'before-after');
      expect(await panel.getByRole('alert').innerText()).toContain('changed_at: not an instant');
    });
  });
});
