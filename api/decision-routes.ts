import type { Context, Hono } from 'hono';
import { decided, writeDecisions } from '../core/decisions.ts';
import { messageOf } from '../core/errors.ts';
import { decisionBody, decisionsPath } from './decision-schema.ts';
import { emptyQuery } from './ingest-routes.ts';
import type { ApiEnv, ApiOptions } from './options.ts';
import { badParameters, ProblemError } from './problems.ts';
import { parseQuery } from './query-params.ts';

const loopbackHost = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;

/** What was decided about findings: read by everyone who may read, changed on loopback or with the token. */
export function decisionRoutes(app: Hono<ApiEnv>, options: ApiOptions): void {
  app.get(decisionsPath, (c) => {
    parseQuery(new URL(c.req.url).searchParams, emptyQuery);
    return c.json({ decisions: options.config.decisions });
  });

  app.post(decisionsPath, async (c) => {
    parseQuery(new URL(c.req.url).searchParams, emptyQuery);
    const file = options.decisionsFile;
    if (file === undefined) {
      throw new ProblemError(
        409,
        'decisions_unavailable',
        'this server has no file for decisions',
        'start it with keymeter serve or keymeter up',
      );
    }
    mayChange(c, options);
    const parsed = decisionBody.safeParse(await jsonOf(c));
    if (!parsed.success) throw badParameters(parsed.error);
    const { rule, principal_arn, decision } = parsed.data;
    const made =
      decision === 'open'
        ? null
        : { ...parsed.data, decision, decided_at: `${new Date().toISOString().slice(0, 19)}Z` };
    const decisions = decided(options.config.decisions, { rule, principal_arn }, made);
    try {
      writeDecisions(file, decisions);
    } catch (error) {
      options.log?.('decision not kept', { error: messageOf(error) });
      throw new ProblemError(
        409,
        'decisions_unavailable',
        'the file for decisions cannot be written',
        'see the log of the server, and make the folder of the configuration writable',
      );
    }
    options.config.decisions = decisions;
    return c.json({ decisions });
  });
}

/** Without a token only a browser or program on this machine may change anything. */
function mayChange(c: Context<ApiEnv>, { token }: ApiOptions): void {
  if (token !== undefined || loopbackHost.test(c.req.header('host') ?? '')) return;
  throw new ProblemError(
    403,
    'cross_site',
    'decisions are made on the machine of the server, or with a token',
    'start the server with --token-file',
  );
}

async function jsonOf(c: Context<ApiEnv>): Promise<unknown> {
  try {
    return await c.req.json();
  } catch {
    throw new ProblemError(400, 'bad_parameters', 'the body is not JSON', 'send one JSON object');
  }
}
