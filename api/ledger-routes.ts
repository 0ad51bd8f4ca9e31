import type { Hono } from 'hono';
import { z } from 'zod';
import type { SqlParams } from '../store/engine.ts';
import { withDeadline } from './deadline.ts';
import { lookupDeadlineOf, type ApiEnv, type ApiOptions } from './options.ts';
import { badParameters, ProblemError } from './problems.ts';
import { ledgerQuery, rejectsQuery, runsQuery } from './ledger-schemas.ts';
import { parseQuery } from './query-params.ts';

const ledgerSql = `
SELECT CAST(object_id AS VARCHAR) AS object_id, object_no, source, bucket, key, size_bytes, status,
  attempts, error_class, error_detail, account_id, region, records_total, non_kms, inserted, duplicate,
  rejected, event_time_min, event_time_max, run_id, committed_at
FROM ingest_objects
WHERE (CAST($status AS VARCHAR) IS NULL OR status = $status)
  AND (CAST($account AS VARCHAR) IS NULL OR account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  AND (CAST($run AS VARCHAR) IS NULL OR run_id = $run)
  AND object_no > $after
ORDER BY object_no LIMIT $limit`;

const rejectsSql = `
SELECT CAST(o.object_id AS VARCHAR) AS object_id, o.key, o.bucket, r.record_index, r.error_class,
  r.error_detail, r.record_start, r.object_no
FROM ingest_rejects AS r JOIN ingest_objects AS o ON o.object_no = r.object_no
WHERE (CAST($object_id AS VARCHAR) IS NULL OR CAST(o.object_id AS VARCHAR) = $object_id)
  AND (r.object_no > $after OR (r.object_no = $after AND r.record_index > $after_index))
ORDER BY r.object_no, r.record_index LIMIT $limit`;

const runsSql = `
SELECT run_id, source, started_at, finished_at, status, summary
FROM ingest_runs ORDER BY started_at DESC, run_id LIMIT $limit`;

/** The ledger, the rejected records and the runs, in pages that a cursor continues. */
export function ledgerRoutes(app: Hono<ApiEnv>, options: ApiOptions): void {
  const query = (sql: string, params: SqlParams) =>
    withDeadline(lookupDeadlineOf(options), undefined, (signal) =>
      options.engine.rows(sql, params, { signal }),
    );

  app.get('/api/v1/ledger', async (c) => {
    const { params } = parseQuery(new URL(c.req.url).searchParams, ledgerQuery);
    const [after = -1] = readCursor(params.cursor, 1);
    const rows = await query(ledgerSql, { ...params, after, limit: params.limit + 1 });
    return c.json(pageOf(rows, params.limit, (row) => [Number(row['object_no'])]));
  });

  app.get('/api/v1/rejects', async (c) => {
    const { params } = parseQuery(new URL(c.req.url).searchParams, rejectsQuery);
    const [after = -1, after_index = -1] = readCursor(params.cursor, 2);
    const bound = { object_id: params.object_id?.toLowerCase(), after, after_index };
    const rows = await query(rejectsSql, { ...bound, limit: params.limit + 1 });
    const made = pageOf(rows, params.limit, (row) => [
      Number(row['object_no']),
      Number(row['record_index']),
    ]);
    return c.json({ ...made, rows: made.rows.map(({ object_no: _object_no, ...row }) => row) });
  });

  app.get('/api/v1/runs', async (c) => {
    const { params } = parseQuery(new URL(c.req.url).searchParams, runsQuery);
    const rows = await query(runsSql, { limit: params.limit });
    return c.json({ rows: rows.map((row) => ({ ...row, summary: parsed(row['summary']) })) });
  });
}

function pageOf<Row>(rows: Row[], limit: number, position: (row: Row) => number[]) {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    rows: rows.slice(0, limit),
    next_cursor: last === undefined ? null : writeCursor(position(last)),
  };
}

function writeCursor(numbers: readonly number[]): string {
  return Buffer.from(JSON.stringify(numbers)).toString('base64url');
}

function readCursor(text: string | undefined, length: number): number[] {
  if (text === undefined) return [];
  try {
    const schema = z
      .array(
        z
          .number()
          .int()
          .min(-1)
          .max(2 ** 31 - 1),
      )
      .length(length);
    return schema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch (error) {
    if (error instanceof z.ZodError) throw badParameters(error);
    throw new ProblemError(
      400,
      'bad_parameters',
      'cursor: not one that this server made',
      'leave cursor out to start at the first page',
      { faults: [{ param: 'cursor', message: 'not one that this server made' }] },
    );
  }
}

function parsed(text: unknown): unknown {
  if (typeof text !== 'string') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
