import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { defaultConfig } from '../../core/config.ts';
import { reports } from '../../reports/all-reports.ts';
import { reportHtml } from '../../reports/render-html.ts';
import { reportMarkdown } from '../../reports/render-markdown.ts';
import { event, plainEvent, withEvents } from '../support/events.ts';
import { rawRequest, withServer } from '../support/server.ts';

const events = [0, 1, 2, 3].map((i) => event({ at: `2026-10-0${5 + (i % 2)}T12:00:0${i}Z` }));

describe('reports over the API', () => {
  it('are those of the command line, as files', async () => {
    await withEvents(events, (engine) =>
      withServer(
        engine,
        async ({ port }) => {
          const get = (query: string) => rawRequest(port, `/api/v1/reports/${query}`);
          const flags = ` --db k.duckdb --config 'my keys.json'`;
          for (const name of Object.keys(reports)) {
            const report = await reports[name]!(
              { engine, config: defaultConfig },
              { flags, filters: { account: plainEvent.account_id! } },
            );
            const query = `${name}?account=${plainEvent.account_id}`;
            const html = await get(query);
            expect(html.headers['content-disposition']).toBe(
              `attachment; filename="keymeter-${name}.html"`,
            );
            expect(html.text).toBe(reportHtml(report));
            expect((await get(`${query}&format=markdown`)).text).toBe(reportMarkdown(report));
            expect((await get(`${query}&format=json`)).json()).toEqual(
              JSON.parse(JSON.stringify(report)),
            );
          }
        },
        { database: 'k.duckdb', files: { config: 'my keys.json' } },
      ),
    );
  });

  it('are packed with a hash of their content', async () => {
    await withEvents(events, (engine) =>
      withServer(engine, async ({ port }) => {
        const key = encodeURIComponent(plainEvent.key_arn!);
        const answer = await rawRequest(
          port,
          `/api/v1/reports/security?key=${key}&format=evidence`,
        );
        const pack = answer.json() as { report_sha256: string; report: { asked: object } };
        const hash = createHash('sha256').update(JSON.stringify(pack.report)).digest('hex');
        expect(pack.report_sha256).toBe(hash);
        expect(pack.report.asked).toMatchObject({ key: plainEvent.key_arn });
      }),
    );
  });

  it('refuse a name or a parameter that they do not have', async () => {
    await withEvents(events, (engine) =>
      withServer(engine, async ({ port }) => {
        const status = async (query: string) =>
          (await rawRequest(port, `/api/v1/reports/${query}`)).status;
        expect(await status('nothing')).toBe(404);
        expect(await status('constructor')).toBe(404);
        expect(await status('finops?bucket=x')).toBe(400);
        expect(await status('finops?format=pdf')).toBe(400);
        expect(await status('finops?from=yesterday')).toBe(400);
      }),
    );
  });
});
