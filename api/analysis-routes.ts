import type { Context, Hono } from 'hono';
import type { Analysis } from '../analytics/analysis.ts';
import { headlineOf } from '../analytics/columns.ts';
import type { Answer, Question } from './answer.ts';
import { Answers, olderNote } from './answers.ts';
import { etagOf, notModified } from './etag.ts';
import { jobAddress, jobRoutes } from './job-routes.ts';
import { Job } from './jobs.ts';
import { jsonSchema } from './json-schema.ts';
import { formats, negotiate, splitFormat, type Format } from './negotiate.ts';
import { waitOf, type ApiEnv, type ApiOptions } from './options.ts';
import { emptyQuery } from './ingest-routes.ts';
import { notFound } from './problems.ts';
import { parseQuery } from './query-params.ts';
import { rowSchema } from './row-schema.ts';
import { SettledInstants } from './settled-instants.ts';

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
    /** Columns that a table shows first, the most important first. */
    headline: headlineOf(analysis),
    row: rowSchema(analysis),
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
  prepare(address: string): Promise<void>;
  /** These are computed to their end from now on, also when a client gives up. */
  always(addresses: readonly string[]): void;
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

  const answers = new Answers(options);
  const instants = new SettledInstants();
  jobRoutes(app, options, answers.jobs);

  app.get('/api/v1/analyses/:name', async (c) => {
    const address = splitFormat(c.req.param('name'));
    const analysis = registry.get(address.name);
    if (!analysis) {
      throw notFound('analysis of that name', 'GET /api/v1/analyses lists their names');
    }
    const search = new URL(c.req.url).searchParams;
    const reserved = address.format ? [] : ['format'];
    const parsed = parseQuery(search, analysis.params, reserved);
    const { raw, params } = instants.settle(analysis.name, parsed);
    const format =
      address.format ?? negotiate(search.get('format') ?? undefined, c.req.header('accept'));
    const question = { analysis, raw, params, format };
    const name = answers.nameOf(question);
    c.header('Vary', 'Accept, Authorization');
    c.header('Cache-Control', 'private, no-cache');
    const newest = await options.engine.dataVersion();
    if (notModified(c, etagOf([name, newest]))) return unchanged(c, newest, [name, newest]);
    const served = await answers.get(
      question,
      name,
      waitOf(options, format, c.req.header('prefer')),
    );
    if (served instanceof Job) return accepted(c, served);
    const { answer, current } = served;
    const tagged = [name, answer.data_version, ...(current ? [] : ['older'])];
    if (notModified(c, etagOf(tagged))) return unchanged(c, answer.data_version, tagged);
    describe(c, answer.data_version, tagged);
    if (!current) c.header('Age', String(Math.floor((Date.now() - answer.made_at) / 1000)));
    c.header('X-Truncated', String(answer.truncated));
    c.header('Content-Type', contentType(format));
    if (format !== 'json') {
      c.header('Content-Disposition', `attachment; filename="${analysis.name}.${format}"`);
    }
    return c.body(current ? answer.body() : answer.body([olderNote(answer)]));
  });

  const questionOf = (address: string): Question | undefined => {
    const [name = '', query = ''] = address.split('?');
    const analysis = registry.get(name);
    if (!analysis) return undefined;
    const parsed = parseQuery(new URLSearchParams(query), analysis.params);
    const { raw, params } = instants.settle(analysis.name, parsed);
    return { analysis, raw, params, format: 'json' };
  };
  return {
    always(addresses) {
      for (const question of addresses.map(questionOf)) {
        if (question) answers.prepareAlways(question);
      }
    },
    async prepare(address) {
      const question = questionOf(address);
      if (question) await answers.prepare(question);
    },
  };
}

/** 202: the answer is being computed by a job that can be asked about, followed or cancelled. */
function accepted(c: Context, job: Job<Answer>): Response {
  c.header('Location', jobAddress(job.id));
  c.header('Retry-After', '1');
  c.header('Cache-Control', 'no-store');
  return c.json({ job: job.status() }, 202);
}

function describe(c: Context, data_version: string, tagged: readonly string[]): void {
  c.header('ETag', etagOf(tagged));
  c.header('X-Data-Version', data_version);
}

function unchanged(c: Context, data_version: string, tagged: readonly string[]): Response {
  describe(c, data_version, tagged);
  return c.body(null, 304);
}

function contentType(format: Format): string {
  return format === 'csv' ? `${formats.csv}; charset=utf-8; header=present` : formats[format];
}
