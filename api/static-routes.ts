import type { Context, Hono } from 'hono';
import { notModified } from './etag.ts';
import type { ApiEnv, ApiOptions } from './options.ts';
import { loadStaticFiles, type StaticFile } from './static-files.ts';

/** Addresses of the web app's pages; the app itself looks which one it is. */
export const pagePaths = ['/', '/capacity', '/cost', '/security', '/coverage', '/explore'] as const;

/** The web app's pages and files, and the API reference at /docs. */
export function staticRoutes(app: Hono<ApiEnv>, options: ApiOptions): void {
  if (options.dashboards === undefined) return;
  const files = loadStaticFiles(options.dashboards);
  const serve = (c: Context<ApiEnv>, file: StaticFile) => {
    c.header('ETag', file.etag);
    const cache = file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache';
    c.header('Cache-Control', cache);
    if (notModified(c, file.etag)) return c.body(null, 304);
    c.header('Vary', 'Accept-Encoding');
    c.header('Content-Type', file.type);
    const accepts = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '');
    if (!accepts || !file.gzipped) return c.body(file.body);
    c.header('Content-Encoding', 'gzip');
    return c.body(file.gzipped);
  };
  for (const [url, file] of files) app.get(url, (c) => serve(c, file));
  const index = files.get('/index.html');
  if (index) for (const page of pagePaths) app.get(page, (c) => serve(c, index));
  // A person who mistypes an address gets a page that says so; programs get a problem (server.ts).
  if (index) {
    app.get('*', async (c, next) => {
      const asksPage = /\btext\/html\b/.test(c.req.header('accept') ?? '');
      if (!asksPage || /^\/(api\/|metrics|openapi\.json|docs$)/.test(c.req.path)) return next();
      c.status(404);
      return serve(c, index);
    });
  }
  const docs = files.get('/docs.html');
  if (docs) app.get('/docs', (c) => serve(c, docs));
}
