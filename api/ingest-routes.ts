import type { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { z } from 'zod';
import { commandFiles, type ApiEnv, type ApiOptions, type IngestStatus } from './options.ts';
import { ProblemError } from './problems.ts';
import { parseQuery } from './query-params.ts';

const streams_max = 32;
const poll_ms = 500;
/** A comment this often keeps proxies from closing a quiet stream. */
const heartbeat_ms = 15_000;

export const emptyQuery = z.object({});

/** Health, and the state of the ingest: once, or as events. */
export function ingestRoutes(app: Hono<ApiEnv>, options: ApiOptions): void {
  const status = (): IngestStatus => options.ingestStatus?.() ?? { state: 'idle' };

  app.get('/api/v1/health', async (c) => {
    parseQuery(new URL(c.req.url).searchParams, emptyQuery);
    const data_version = await options.engine.dataVersion();
    const database = options.database ?? null;
    const files = commandFiles(options);
    return c.json({ status: 'ok', data_version, ingest: status().state, database, files });
  });

  app.get('/api/v1/ingest/status', async (c) => {
    parseQuery(new URL(c.req.url).searchParams, emptyQuery);
    const data_version = await options.engine.dataVersion();
    return c.json({ ...status(), data_version });
  });

  let streams = 0;
  app.get('/api/v1/ingest/events', (c) => {
    parseQuery(new URL(c.req.url).searchParams, emptyQuery);
    if (streams >= streams_max) {
      const detail = `${streams} event streams are open`;
      throw new ProblemError(429, 'too_many_streams', detail, 'close one, or poll ingest/status', {
        headers: { 'Retry-After': '5' },
      });
    }
    streams++;
    c.header('Cache-Control', 'no-store');
    return streamSSE(c, async (stream) => {
      let open = true;
      stream.onAbort(() => {
        open = false;
      });
      try {
        let last = '';
        let quiet_ms = 0;
        while (open && !options.closing?.aborted) {
          const data_version = await options.engine.dataVersion();
          const data = JSON.stringify({ ...status(), data_version });
          quiet_ms += poll_ms;
          if (data !== last) {
            await stream.writeSSE({ event: 'status', data });
            last = data;
            quiet_ms = 0;
          } else if (quiet_ms >= heartbeat_ms) {
            await stream.write(': still here\n\n');
            quiet_ms = 0;
          }
          await stream.sleep(poll_ms);
        }
      } finally {
        streams--;
      }
    });
  });
}
