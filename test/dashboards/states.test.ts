import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningServer } from '../../api/listen.ts';
import {
  chromiumPath,
  dashboardsPath,
  launchChromium,
  settled,
  watchedPage,
} from '../support/browser.ts';
import { event, withEvents } from '../support/events.ts';
import { patient, withServer } from '../support/server.ts';

const executable = chromiumPath();
if (!executable) console.warn('SKIPPED: no Chromium; the pages are not opened.');

const start = Date.parse('2026-10-05T00:00:00Z') / 1000;
const some = [0, 1, 2].map((hour) =>
  event({
    event_time: start + 3_600 * hour,
    event_id: `0000000${hour}-0000-4000-8000-000000000000`,
  }),
);

describe.skipIf(!executable)('states of the pages', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable!);
  });
  afterAll(async () => browser?.close());

  const withPage = (
    events: typeof some,
    use: (
      opened: Awaited<ReturnType<typeof watchedPage>> & {
        server: RunningServer;
        context: BrowserContext;
      },
    ) => Promise<void>,
  ) =>
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
        {
          ...patient,
          dashboards: dashboardsPath,
          database: 'k.duckdb',
          files: { config: 'my keys.json' },
        },
      ),
    );

  test('an empty database is one page that says how to fill it', async () => {
    await withPage([], async ({ page, server, offences }) => {
      for (const path of ['/', '/cost', '/capacity', '/security']) {
        await page.goto(server.url + path);
        const text = await page.locator('[data-block="empty"]').innerText();
        expect(text).toContain('keymeter ingest s3://BUCKET/PREFIX --db k.duckdb');
        expect(await page.locator('[data-analysis], .tile').count()).toBe(0);
      }
      expect(offences).toEqual({ console: [], hosts: [], csp: [] });
    });
  });

  test('a wrong range is said once, at its field, and nothing is asked', async () => {
    await withPage(some, async ({ page, server }) => {
      const asked: string[] = [];
      page.on('request', (request) => {
        if (request.url().includes('from=')) asked.push(request.url());
      });
      await page.goto(`${server.url}/?from=yesterday`);
      const alert = page.getByRole('alert');
      await alert.waitFor();
      expect(await alert.count()).toBe(1);
      expect(await alert.innerText()).toContain('“yesterday” is not an instant');
      expect(await page.locator('input[name="from"]').getAttribute('aria-invalid')).toBe('true');
      expect(asked.filter((url) => url.includes('/api/'))).toEqual([]);
      await page.goto(`${server.url}/?from=2026-10-06&to=2026-10-05`);
      expect(await page.getByRole('alert').innerText()).toBe('The end must be after the start.');
    });
  });

  test('a preset stays selected, and fields are in the chosen zone', async () => {
    await withPage(some, async ({ page, server }) => {
      await page.goto(server.url);
      await settled(page);
      await page.locator('.range summary').click();
      await page.getByRole('button', { name: 'Last day of the data' }).click();
      await settled(page);
      expect(new URL(page.url()).searchParams.get('from')).toBe('2026-10-05T00:00:00.000Z');
      await page.locator('.range summary').click();
      const pressed = page.locator('.presets [aria-pressed="true"]');
      expect(await pressed.allInnerTexts()).toEqual(['Last day of the data']);
      await page.locator('input[name="from"]').fill('2026-10-05T01:00:00');
      await page.locator('input[name="to"]').fill('2026-10-05T02:00:00');
      await page.getByRole('button', { name: 'Apply' }).click();
      await settled(page);
      // Half-open: of the calls at 0, 1 and 2 o'clock only the second is in it.
      expect(await page.locator('[data-tile="KMS calls"] strong').innerText()).toBe('1');
    });
  });

  test('an address without a page is a page for people and a problem for programs', async () => {
    await withPage(some, async ({ page, server }) => {
      const answer = await page.goto(`${server.url}/nope`);
      expect(answer!.status()).toBe(404);
      expect(await page.locator('[data-block="not-found"]').innerText()).toContain(
        'There is no page /nope.',
      );
      const plain = await fetch(`${server.url}/nope`);
      expect([plain.status, plain.headers.get('content-type')]).toEqual([
        404,
        'application/problem+json',
      ]);
    });
  });

  test('an event has an address of its own', async () => {
    await withPage(some, async ({ page, server }) => {
      await page.goto(`${server.url}/?event=00000001-0000-4000-8000-000000000000`);
      const drawer = page.getByRole('dialog', { name: 'Event' });
      await drawer.getByText('Stored event').waitFor();
      expect(await drawer.innerText()).toContain('00000001-0000-4000-8000-000000000000');
      await page.keyboard.press('Escape');
      await page.waitForURL((url) => !url.searchParams.has('event'));
    });
  });

  test('an analysis without its input says which one', async () => {
    await withPage(some, async ({ page, server }) => {
      await page.goto(`${server.url}/cost?open=reconcile`);
      const panel = page.locator('[data-analysis="cost-reconciliation"][data-state="empty"]');
      await panel.waitFor();
      expect(await panel.innerText()).toContain('--billing FILE');
    });
  });

  test('a table is filtered, sorted and paged, and its columns are chosen', async () => {
    const many = Array.from({ length: 40 }, (_, i) =>
      event({
        event_time: start + i,
        principal_arn: `arn:aws:iam::111122223333:role/r${String(i).padStart(2, '0')}`,
      }),
    );
    await withPage(many, async ({ page, server, offences }) => {
      await page.goto(`${server.url}/explore?analysis=principal-usage`);
      await settled(page);
      const panel = page.locator('[data-analysis="principal-usage"]');
      const names = () => panel.locator('td[data-column="principal"]').allInnerTexts();
      expect((await names()).length).toBe(25);
      await panel.getByRole('button', { name: 'Next' }).click();
      expect((await names()).length).toBe(15);
      await panel.getByRole('searchbox').fill('r07');
      expect(await names()).toEqual(['role/r07']);
      await panel.getByRole('searchbox').fill('');
      await panel.locator('th[data-column="principal"] button').click();
      expect((await names()).slice(0, 2)).toEqual(['role/r00', 'role/r01']);
      await panel.locator('th[data-column="principal"] button').click();
      expect((await names())[0]).toBe('role/r39');
      const heads = panel.locator('thead th[data-column]');
      const before = await heads.count();
      expect(before).toBeLessThanOrEqual(8);
      await panel.locator('.menu summary').click();
      await panel.getByLabel('Operations').check();
      expect(await heads.count()).toBe(before + 1);
      await panel.locator('td.more button').first().click();
      const row = page.getByRole('dialog', { name: 'Row' });
      expect(await row.innerText()).toContain('arn:aws:iam::111122223333:role/r39'.split('/')[1]);
      expect(offences).toEqual({ console: [], hosts: [], csp: [] });
    });
  });
});
