import type { Hono } from 'hono';
import { z } from 'zod';
import { filters } from '../analytics/params.ts';
import { commandFlags } from '../core/command-line.ts';
import { reports } from '../reports/all-reports.ts';
import { evidencePack } from '../reports/evidence-pack.ts';
import { reportMarkdown } from '../reports/render-markdown.ts';
import { reportText } from '../reports/render-text.ts';
import type { Report } from '../reports/report.ts';
import { withDeadline } from './deadline.ts';
import { commandFiles, type ApiEnv, type ApiOptions } from './options.ts';
import { notFound } from './problems.ts';
import { parseQuery } from './query-params.ts';

export const reportTypes = {
  html: 'text/html; charset=utf-8',
  markdown: 'text/markdown; charset=utf-8',
  text: 'text/plain; charset=utf-8',
  json: 'application/json',
  evidence: 'application/json',
} as const;
type ReportFormat = keyof typeof reportTypes;

const endings: Readonly<Record<ReportFormat, string>> = {
  html: 'html',
  markdown: 'md',
  text: 'txt',
  json: 'json',
  evidence: 'evidence.json',
};

export const reportQuery = z.object({
  from: filters.from,
  to: filters.to,
  account: filters.account,
  region: filters.region,
  principal: z.string().max(2048).optional().describe('security: the principal in question'),
  key: z.string().max(2048).optional().describe('security: the key in question'),
  format: z
    .enum(Object.keys(reportTypes) as [ReportFormat, ...ReportFormat[]])
    .default('html')
    .describe('evidence is the report with its hashes, for security'),
});

const report_ms_max = 600_000;
const text_width = 100;

/** `GET /api/v1/reports/{name}`: the report that `keymeter report` writes, as a file. */
export function reportRoutes(app: Hono<ApiEnv>, options: ApiOptions): void {
  app.get('/api/v1/reports/:name', async (c) => {
    const name = c.req.param('name');
    const make = Object.hasOwn(reports, name) ? reports[name] : undefined;
    if (!make) throw notFound('report of that name', `take ${Object.keys(reports).join(', ')}`);
    const { raw, params } = parseQuery(new URL(c.req.url).searchParams, reportQuery);
    const { format, principal, key } = params;
    // Relative instants are fixed once, so that all parts of a report mean the same.
    const instants = Object.fromEntries(
      (['from', 'to'] as const).flatMap((end) =>
        params[end] instanceof Date ? [[end, `${params[end].toISOString().slice(0, 19)}Z`]] : [],
      ),
    );
    const places = Object.fromEntries(
      (['account', 'region'] as const).flatMap((place) =>
        raw[place] === undefined ? [] : [[place, String(raw[place])]],
      ),
    );
    const report = await withDeadline(report_ms_max, options.closing, (signal) =>
      make(
        { engine: options.engine, config: options.config, signal },
        {
          flags: commandFlags(commandFiles(options)),
          filters: { ...instants, ...places },
          principal,
          key,
        },
      ),
    );
    c.header('Content-Type', reportTypes[format]);
    c.header('Cache-Control', 'no-store');
    c.header(
      'Content-Disposition',
      `attachment; filename="keymeter-${report.name}.${endings[format]}"`,
    );
    return c.body(await rendered(report, format));
  });
}

async function rendered(report: Report, format: ReportFormat): Promise<string> {
  switch (format) {
    case 'html':
      // Draws with a library that nothing else of the server needs.
      return (await import('../reports/render-html.ts')).reportHtml(report);
    case 'markdown':
      return reportMarkdown(report);
    case 'text':
      return reportText(report, text_width);
    case 'json':
      return `${JSON.stringify(report)}\n`;
    case 'evidence':
      return evidencePack(report);
  }
}
