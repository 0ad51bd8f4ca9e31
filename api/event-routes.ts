import type { Hono } from 'hono';
import { z } from 'zod';
import { KeymeterError } from '../core/errors.ts';
import { inSnapshot, type Engine, type JsonRow } from '../store/engine.ts';
import { placeOfEvent, storedEvent } from '../store/event-lookup.ts';
import { withDeadline } from './deadline.ts';
import { lookupDeadlineOf, type ApiEnv, type ApiOptions } from './options.ts';
import { notFound, ProblemError } from './problems.ts';
import { parseQuery } from './query-params.ts';

/** An event by its id, or by where its record is. */
export const eventQuery = z
  .object({
    event_id: z.string().min(1).max(256).optional().describe('eventID of the record'),
    object_id: z.guid().optional().describe('ledger object that holds the record'),
    record_index: z.coerce
      .number()
      .int()
      .min(0)
      .max(10_000_000)
      .optional()
      .describe('position, from 0'),
  })
  .refine((query) => query.event_id !== undefined || hasPlace(query), {
    path: ['event_id'],
    message: 'give event_id, or object_id and record_index',
  });

type EventQuery = z.output<typeof eventQuery>;

function hasPlace(query: { object_id?: unknown; record_index?: unknown }): boolean {
  return query.object_id !== undefined && query.record_index !== undefined;
}

/** One stored event with all its columns, and the raw record that it was read from. */
export function eventRoutes(app: Hono<ApiEnv>, options: ApiOptions): void {
  const within = <T>(work: (signal: AbortSignal) => Promise<T>) =>
    withDeadline(lookupDeadlineOf(options), undefined, work);

  async function stored(query: EventQuery, signal: AbortSignal): Promise<JsonRow | undefined> {
    const { event_id, object_id, record_index } = query;
    const by =
      event_id !== undefined
        ? { event_id }
        : { object_id: object_id!.toLowerCase(), record_index: record_index! };
    const find = (engine: Engine) => storedEvent(engine, by, { signal });
    return inSnapshot(options.engine, find, { brief: true });
  }

  async function placeOf(query: EventQuery, signal: AbortSignal) {
    if (query.object_id !== undefined && query.record_index !== undefined) {
      return { object_id: query.object_id.toLowerCase(), record_index: query.record_index };
    }
    const found = await placeOfEvent(options.engine, query.event_id!, { signal });
    if (!found) throw unknownEvent();
    return found;
  }

  app.get('/api/v1/event', async (c) => {
    const { params } = parseQuery(new URL(c.req.url).searchParams, eventQuery);
    const event = await within((signal) => stored(params, signal));
    if (!event) throw unknownEvent();
    return c.json({ event });
  });

  app.get('/api/v1/raw', async (c) => {
    const { params } = parseQuery(new URL(c.req.url).searchParams, eventQuery);
    const read = options.rawRecord;
    if (!read) {
      throw new ProblemError(
        404,
        'raw_unavailable',
        'this server was started without access to the trail',
        'start it where the trail can be read, with the same credentials as the ingest',
      );
    }
    try {
      const answer = await within(async (signal) => {
        const place = await placeOf(params, signal);
        return { ...place, ...(await read(place.object_id, place.record_index, signal)) };
      });
      c.header('Cache-Control', 'no-store');
      return c.json(answer);
    } catch (error) {
      throw rawProblem(error);
    }
  });
}

function unknownEvent(): ProblemError {
  return notFound('such event', 'take event_id, or object_id and record_index, from a row');
}

/** What can be wrong with a raw record is the trail's state, not a fault of the server. */
function rawProblem(error: unknown): unknown {
  const own = ['deadline_exceeded', 'too_many_queries', 'query_failed', 'query_aborted'];
  if (!(error instanceof KeymeterError) || own.includes(error.code)) return error;
  return new ProblemError(404, 'raw_gone', error.message, error.fix);
}
