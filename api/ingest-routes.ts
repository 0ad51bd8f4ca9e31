import type { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { z } from 'zod';
import type { ApiEnv, ApiOptions, IngestStatus } from './options.ts';
import { KeymeterError } from '../core/errors.ts';
import { withDeadline } from './deadline.ts';
import { deadline_ms_default } from './options.ts';
import { notFound, ProblemError } from './problems.ts';
import { parseQuery } from './query-params.ts';

const streams_max = 32;
const poll_ms = 500;
/** A comment this often keeps proxies from closing a quiet stream. */
const heartbeat_ms = 15_000;

export const emptyQuery = z.object({});

export const rawQuery = z.object({
  object_id: z.uuid().describe('ledger object that holds the record'),
  record_index: z.coerce.number().int().min(0).max(10_000_000).describe('position, from 0'),
});

/** Health, the state of the ingest (once, or as events), and the raw record of an event. */
export function ingestRoutes(app: Hono<ApiEnv>, options: ApiOptions): void {
  const status = (): IngestStatus => options.ingestStatus?.() ?? { state: 'idle' };

  app.get('/api/v1/health', async (c) => {
    parseQuery(new URL(c.req.url).searchParams, emptyQuery);
    const data_version = await options.engine.dataVersion();
    return c.json({ status: 'ok', data_version, ingest: status().state });
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

  app.get('/api/v1/raw', async (c) => {
    const { params } = parseQuery(new URL(c.req.url).searchParams, rawQuery);
    const read = options.rawRecord;
    if (!read) {
      throw new ProblemError(
        404,
        'raw_unavailable',
        'this server was started without access to the trail',
        'start it with `keymeter serve --db FILE` where the trail can be read',
      );
    }
    const deadline_ms = options.deadline_ms ?? deadline_ms_default;
    try {
      const raw = await withDeadline(deadline_ms, undefined, (signal) =>
        read(params.object_id.toLowerCase(), params.record_index, signal),
      );
      c.header('Cache-Control', 'no-store');
      return c.json({ ...params, ...raw });
    } catch (error) {
      throw rawProblem(error);
    }
  });
}

/** What can be wrong with a raw record is the trail's state, not a fault of the server. */
function rawProblem(error: unknown): unknown {
  if (!(error instanceof KeymeterError) || error.code === 'deadline_exceeded') return error;
  if (error.code === 'raw_unknown') {
    return notFound('such record', 'take object_id and record_index from a row of an analysis');
  }
  return new ProblemError(404, 'raw_gone', error.message, error.fix);
}
