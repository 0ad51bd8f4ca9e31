import type { Hono } from 'hono';
import { Registry } from 'prom-client';
import type { Analysis } from '../../analytics/analysis.ts';
import { withDeadline } from '../deadline.ts';
import { emptyQuery } from '../ingest-routes.ts';
import { lookupDeadlineOf, type ApiEnv, type ApiOptions } from '../options.ts';
import { parseQuery } from '../query-params.ts';
import { MetricCollection } from './collection.ts';
import { register, type MetricFamily } from './family.ts';
import {
  diskMetrics,
  duckDbMetrics,
  ingestStateMetrics,
  processMetrics,
} from './process-metrics.ts';

/** Prometheus gives up after ten seconds; what is known is sent before. */
const wait_ms_max = 8_000;
const brief_ms_max = 1_000;

/** `GET /metrics`: what the queries answered last, made anew when the data has changed. */
export function metricsRoute(
  app: Hono<ApiEnv>,
  options: ApiOptions,
  registry: ReadonlyMap<string, Analysis>,
): void {
  const collection = new MetricCollection(options, registry);
  app.get('/metrics', async (c) => {
    parseQuery(new URL(c.req.url).searchParams, emptyQuery);
    await collection.refresh(
      scrapeWait(options, c.req.header('x-prometheus-scrape-timeout-seconds')),
    );
    const made = new Registry();
    const families = [
      ...collection.families(),
      ...processMetrics(),
      ...ingestStateMetrics(options),
      ...(await orNone(diskMetrics(options))),
      ...(await orNone(
        withDeadline(brief_ms_max, undefined, (signal) => duckDbMetrics(options.engine, signal)),
      )),
    ];
    for (const family of families) register(made, family);
    c.header('Cache-Control', 'no-store');
    return c.body(await made.metrics(), 200, { 'Content-Type': made.contentType });
  });
}

/** How long a scrape may wait for new numbers: well below the timeout that Prometheus names. */
function scrapeWait(options: ApiOptions, timeout: string | undefined): number {
  const timeout_ms = Number(timeout) * 1000;
  const most = timeout_ms > 0 ? timeout_ms * 0.7 : wait_ms_max;
  return Math.min(lookupDeadlineOf(options), most);
}

/** Metrics that another engine or a missing file does not have. */
async function orNone(families: Promise<MetricFamily[]>): Promise<MetricFamily[]> {
  try {
    return await families;
  } catch {
    return [];
  }
}
