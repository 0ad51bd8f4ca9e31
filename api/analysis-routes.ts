import type { Hono } from 'hono';
import type { Analysis } from '../analytics/analysis.ts';
import { csvOf } from './csv.ts';
import { withDeadline } from './deadline.ts';
import { etagOf, notModified } from './etag.ts';
import { jsonSchema } from './json-schema.ts';
import { formats, negotiate, type Format } from './negotiate.ts';
import { deadline_ms_default, type ApiEnv, type ApiOptions } from './options.ts';
import { emptyQuery } from './ingest-routes.ts';
import { notFound } from './problems.ts';
import { parquetOf } from './parquet.ts';
import { parseQuery } from './query-params.ts';
import { ResultCache, type CachedBody } from './result-cache.ts';

/** Rows at most in one answer, also of an analysis that has no limit parameter. */
export const rows_max = 100_000;

/** An analysis as `GET /api/v1/analyses` lists it. */
export function describeAnalysis(analysis: Analysis) {
  const { name, topic, title, question, audience, caveats, example } = analysis;
  return {
    name,
    topic,
    title,
    question,
    audience,
    caveats,
    example,
    url: `/api/v1/analyses/${name}`,
    /** What has to be given before the analysis can run, in words; empty for most. */
    needs: needsOf(analysis),
    params: jsonSchema(analysis.params, 'input'),
    row: jsonSchema(analysis.row, 'output'),
  };
}

function needsOf(analysis: Analysis): string[] {
  const parsed = analysis.params.safeParse({});
  return (parsed.error?.issues ?? []).map((issue) =>
    issue.path.length > 0 ? `give ${issue.path.map(String).join('.')}` : issue.message,
  );
}

/** Answers that can be had ready before anyone asks. */
export interface PreparedAnswers {
  /** `name?query` as a page asks it; an analysis that is not there is passed over. */
  prepare(address: string, deadline_ms: number): Promise<void>;
}

/** `GET /api/v1/analyses` and `GET /api/v1/analyses/{name}` of everything in the registry. */
export function analysisRoutes(
  app: Hono<ApiEnv>,
  options: ApiOptions,
  registry: ReadonlyMap<string, Analysis>,
): PreparedAnswers {
  const listed = JSON.stringify({ analyses: [...registry.values()].map(describeAnalysis) });
  const listed_etag = etagOf([listed]);
  app.get('/api/v1/analyses', (c) => {
    parseQuery(new URL(c.req.url).searchParams, emptyQuery);
    c.header('ETag', listed_etag);
    if (notModified(c, listed_etag)) return c.body(null, 304);
    return c.body(listed, 200, { 'Content-Type': 'application/json' });
  });

  const cache = new ResultCache();
  const configuration = JSON.stringify(options.config);
  const etagFor = (data_version: string, name: string, format: Format, params: unknown) =>
    etagOf([data_version, configuration, name, format, params]);

  app.get('/api/v1/analyses/:name', async (c) => {
    const analysis = registry.get(c.req.param('name'));
    if (!analysis) {
      throw notFound('analysis of that name', 'GET /api/v1/analyses lists their names');
    }
    const search = new URL(c.req.url).searchParams;
    const { raw, params } = parseQuery(search, analysis.params, ['format']);
    const format = negotiate(search.get('format') ?? undefined, c.req.header('accept'));
    // Read before the rows: rows may be newer than their tag, never older.
    const data_version = await options.engine.dataVersion();
    const etag = etagFor(data_version, analysis.name, format, params);
    c.header('ETag', etag);
    c.header('Vary', 'Accept, Authorization');
    c.header('Cache-Control', 'private, no-cache');
    c.header('X-Data-Version', data_version);
    if (notModified(c, etag)) return c.body(null, 304);
    const deadline_ms = options.deadline_ms ?? deadline_ms_default;
    // The deadline is on the outside: an answer that is being prepared anyway goes on without this client.
    const { body, truncated } = await withDeadline(deadline_ms, undefined, (signal) =>
      cache.get(etag, () => compute(analysis, raw, params, format, data_version, options, signal)),
    );
    c.header('X-Truncated', String(truncated));
    c.header('Content-Type', contentType(format));
    if (format !== 'json') {
      c.header('Content-Disposition', `attachment; filename="${analysis.name}.${format}"`);
    }
    return c.body(body);
  });

  return {
    async prepare(address, deadline_ms) {
      const [name = '', query = ''] = address.split('?');
      const analysis = registry.get(name);
      if (!analysis) return;
      const { raw, params } = parseQuery(new URLSearchParams(query), analysis.params);
      const data_version = await options.engine.dataVersion();
      await cache.get(etagFor(data_version, name, 'json', params), () =>
        withDeadline(deadline_ms, options.closing, (signal) =>
          compute(analysis, raw, params, 'json', data_version, options, signal),
        ),
      );
    },
  };
}

async function compute(
  analysis: Analysis,
  raw: Record<string, unknown>,
  params: Record<string, unknown>,
  format: Format,
  data_version: string,
  options: ApiOptions,
  signal: AbortSignal,
): Promise<CachedBody> {
  const { engine, config } = options;
  const result = await analysis.execute(raw, { engine, config, signal });
  const truncated = result.truncated || result.rows.length > rows_max;
  const rows = result.rows.slice(0, rows_max);
  const columns = Object.keys(analysis.row.shape);
  if (format === 'ndjson') {
    return { body: rows.map((row) => `${JSON.stringify(row)}\n`).join(''), truncated };
  }
  if (format === 'csv') return { body: csvOf(columns, rows), truncated };
  if (format === 'parquet') return { body: await parquetOf(columns, rows), truncated };
  const { notes } = result;
  const answer = { analysis: analysis.name, rows, notes, truncated, params, data_version };
  return { body: JSON.stringify(answer), truncated };
}

function contentType(format: Format): string {
  return format === 'csv' ? `${formats.csv}; charset=utf-8; header=present` : formats[format];
}
