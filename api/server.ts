import { Hono } from 'hono';
import { analyses } from '../analytics/registry.ts';
import { messageOf } from '../core/errors.ts';
import { analysisRoutes } from './analysis-routes.ts';
import { decisionRoutes } from './decision-routes.ts';
import { eventRoutes } from './event-routes.ts';
import { installGuards } from './guards.ts';
import { ingestRoutes } from './ingest-routes.ts';
import { ledgerRoutes } from './ledger-routes.ts';
import { metricsRoute } from './metrics/route.ts';
import { openApiDocument } from './openapi.ts';
import type { ApiEnv, ApiOptions } from './options.ts';
import { notFound, problemOf, problemResponse } from './problems.ts';
import { reportRoutes } from './report-routes.ts';
import { staticRoutes } from './static-routes.ts';
import { warmOverview } from './warm-overview.ts';

/** The HTTP app: routes derived from the registry, every failure an RFC 9457 problem. */
export async function createApp(options: ApiOptions): Promise<Hono<ApiEnv>> {
  const registry = await analyses();
  const app = new Hono<ApiEnv>();
  installGuards(app, options);
  const answers = analysisRoutes(app, options, registry);
  if (options.dashboards !== undefined) warmOverview(options, answers);
  ledgerRoutes(app, options);
  ingestRoutes(app, options);
  eventRoutes(app, options);
  decisionRoutes(app, options);
  reportRoutes(app, options);
  metricsRoute(app, options, registry);
  const document = JSON.stringify(openApiDocument(registry));
  app.get('/openapi.json', (c) => c.body(document, 200, { 'Content-Type': 'application/json' }));
  staticRoutes(app, options);
  app.notFound((c) =>
    problemResponse(c, notFound('such address', 'GET /openapi.json lists the routes')),
  );
  app.onError((error, c) => {
    const problem = problemOf(error);
    if (problem.status >= 500) {
      options.log?.('request failed', {
        request_id: c.get('requestId'),
        path: c.req.path,
        code: problem.code,
        error: messageOf(error),
      });
    }
    return problemResponse(c, problem);
  });
  return app;
}
