import { memberOf } from '../core/member-of.ts';
import type { Context } from 'hono';
import { z } from 'zod';
import { exitCodes, isKeymeterError } from '../core/errors.ts';
import type { ApiEnv } from './options.ts';

/** What went wrong with one parameter. */
export interface ParameterFault {
  param: string;
  message: string;
}

/** An error on its way to a client: RFC 9457 members, without SQL or paths. */
export class ProblemError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fix: string;
  readonly faults: readonly ParameterFault[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    detail: string,
    fix: string,
    more: { faults?: readonly ParameterFault[]; headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.name = 'ProblemError';
    this.status = status;
    this.code = code;
    this.fix = fix;
    this.faults = more.faults ?? [];
    this.headers = more.headers ?? {};
  }
}

/** Titles of every problem code that the API answers with; docs/api.md lists them. */
export const problemTitles: Readonly<Record<string, string>> = {
  bad_host: 'The Host is not one of this server',
  cross_site: 'Requests from other sites are refused',
  method_not_allowed: 'The API is read-only',
  body_not_allowed: 'The request has a body that is not allowed',
  not_json: 'The body must be JSON',
  decisions_unavailable: 'Decisions cannot be kept by this server',
  bad_request: 'The request is not HTTP/1.1',
  header_too_large: 'The head of the request is too large',
  request_too_slow: 'The request took too long to arrive',
  unauthorized: 'A bearer token is needed',
  not_found: 'There is nothing here',
  bad_parameters: 'A parameter is not valid',
  not_acceptable: 'The format is not one the API writes',
  too_many_queries: 'Too many queries are waiting',
  too_many_streams: 'Too many event streams are open',
  job_cancelled: 'The answer was given up',
  deadline_exceeded: 'The query took longer than its deadline',
  raw_unavailable: 'The raw record cannot be fetched',
  raw_gone: 'The raw record is no longer there',
  internal: 'The server failed',
};

/** Any thrown thing as a problem; what is unexpected becomes 500 and tells the client only an id. */
export function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof z.ZodError) return badParameters(error);
  if (error instanceof Error && error.name === 'AbortError') return jobCancelled();
  if (isKeymeterError(error)) {
    if (error.code === 'too_many_queries') {
      return new ProblemError(429, error.code, error.message, error.fix, {
        headers: { 'Retry-After': '1' },
      });
    }
    if (error.code === 'deadline_exceeded') {
      return new ProblemError(504, error.code, error.message, error.fix);
    }
    if (error.code === 'query_aborted') return jobCancelled();
    // What an analysis itself refuses in its parameters, such as two ranges that overlap.
    if (error.exitCode === exitCodes.usage) {
      return new ProblemError(400, 'bad_parameters', error.message, error.fix);
    }
  }
  return new ProblemError(
    500,
    'internal',
    'something unexpected happened; the server log has it under this request id',
    'ask again; if it stays, report it with the log lines of this request id',
  );
}

/** Given up by a client, or because nobody waited for it any more. */
const jobCancelled = () =>
  new ProblemError(
    503,
    'job_cancelled',
    'the answer was given up before it was complete: a client cancelled it, nobody waited for it, or the server stops',
    'ask again',
    { headers: { 'Retry-After': '1' } },
  );

export function badParameters(error: z.ZodError): ProblemError {
  const faults = error.issues.map((issue) => ({
    param: issue.path.map(String).join('.'),
    message: issue.message,
  }));
  const first = faults[0];
  const detail = first ? `${first.param || 'query'}: ${first.message}` : 'the query is not valid';
  return new ProblemError(
    400,
    'bad_parameters',
    detail,
    'see /openapi.json or /docs for the parameters and their form',
    { faults },
  );
}

export function notFound(what: string, fix: string): ProblemError {
  return new ProblemError(404, 'not_found', `there is no ${what}`, fix);
}

/** The problem as a response: application/problem+json with the request's id. */
export function problemResponse(c: Context<ApiEnv>, problem: ProblemError): Response {
  const body = {
    type: `urn:keymeter:problem:${problem.code}`,
    title: memberOf(problemTitles, problem.code) ?? problem.code,
    status: problem.status,
    detail: problem.message,
    fix: problem.fix,
    request_id: c.get('requestId'),
    ...(problem.faults.length > 0 ? { errors: problem.faults } : {}),
  };
  for (const [name, value] of Object.entries(problem.headers)) c.header(name, value);
  c.header('Content-Type', 'application/problem+json');
  c.header('Cache-Control', 'no-store');
  return c.body(JSON.stringify(body), problem.status as 400);
}
