import { randomUUID, timingSafeEqual, createHash } from 'node:crypto';
import type { Hono, MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import type { ApiEnv, ApiOptions } from './options.ts';
import { decisionsPath } from './decision-schema.ts';
import { ProblemError } from './problems.ts';

/**
 * Everything that a request passes before a route sees it, in this order: id, Host, headers, method
 * and body, other sites, token. The Host comes first because a rebound DNS name makes every later
 * check compare the attacker's name with itself.
 */
export function installGuards(app: Hono<ApiEnv>, options: ApiOptions): void {
  app.use(requestId);
  // Headers are set after the response exists, so refusals below carry them too.
  app.use(
    secureHeaders({
      strictTransportSecurity: false,
      xFrameOptions: 'DENY',
      crossOriginResourcePolicy: 'same-origin',
      crossOriginOpenerPolicy: 'same-origin',
      referrerPolicy: 'no-referrer',
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    }),
  );
  app.use(hostGuard(options.allowedHosts));
  app.use(readOnlyGuard);
  app.use(siteGuard);
  if (options.token !== undefined) {
    const guard = tokenGuard(options.token);
    for (const path of ['/api/*', '/openapi.json', '/metrics']) app.use(path, guard);
  }
}

const requestId: MiddlewareHandler<ApiEnv> = async (c, next) => {
  const id = randomUUID();
  c.set('requestId', id);
  await next();
  c.header('X-Request-Id', id);
};

/** Both the Host header and the URL: an absolute-form request line can name another host. */
function hostGuard(allowed: ReadonlySet<string>): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const header = (c.req.header('host') ?? '').toLowerCase();
    if (!allowed.has(header) || !sameHost(c.req.url, header)) {
      throw new ProblemError(
        421,
        'bad_host',
        'the request names a host that this server does not answer for',
        'use the address that the server printed, or allow the name with --allowed-host',
      );
    }
    await next();
  };
}

function sameHost(url: string, header: string): boolean {
  try {
    // URL drops the default port; the header may spell it.
    return new URL(url).host === new URL(`http://${header}`).host;
  } catch {
    return false;
  }
}

const body_bytes_max = 16_384;

const readOnlyGuard: MiddlewareHandler<ApiEnv> = async (c, next) => {
  if (c.req.method === 'POST' && c.req.path === decisionsPath) {
    checkBody(c.req.header('content-type'), c.req.header('content-length'));
    await next();
    return;
  }
  const cancelsJob = c.req.method === 'DELETE' && /^\/api\/v1\/jobs\/[^/]+$/.test(c.req.path);
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD' && !cancelsJob) {
    throw new ProblemError(
      405,
      'method_not_allowed',
      `${c.req.method} is not allowed`,
      `use GET or HEAD; only POST ${decisionsPath} changes anything`,
      { headers: { Allow: 'GET, HEAD' } },
    );
  }
  const length = c.req.header('content-length');
  if ((length !== undefined && length !== '0') || c.req.header('transfer-encoding')) {
    const fix = 'send the parameters in the query string';
    throw new ProblemError(413, 'body_not_allowed', 'the request has a body', fix);
  }
  await next();
};

/** JSON of a known and small size: a form of another site cannot send it. */
function checkBody(type: string | undefined, length: string | undefined): void {
  if (!/^application\/json\b/i.test(type ?? '')) {
    throw new ProblemError(
      415,
      'not_json',
      `the body is ${type ?? 'of no type'}`,
      'send JSON with Content-Type: application/json',
    );
  }
  if (length === undefined || !/^\d+$/.test(length) || Number(length) > body_bytes_max) {
    throw new ProblemError(
      413,
      'body_not_allowed',
      `the body is ${length ?? 'of unknown length'}; at most ${body_bytes_max} bytes are read`,
      'send one decision with a Content-Length',
    );
  }
}

/** Pages may be opened from a link anywhere; data only from this site's own pages or from programs. */
const siteGuard: MiddlewareHandler<ApiEnv> = async (c, next) => {
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  const ownOrigin = origin === undefined || sameHost(origin, c.req.header('host') ?? '');
  const own = (site === undefined || site === 'same-origin' || site === 'none') && ownOrigin;
  const opensPage =
    c.req.header('sec-fetch-mode') === 'navigate' &&
    c.req.header('sec-fetch-dest') === 'document' &&
    origin === undefined &&
    !/^\/(api\/|metrics|openapi\.json)/.test(c.req.path);
  if (!own && !opensPage) {
    throw new ProblemError(
      403,
      'cross_site',
      'the request comes from a page of another site',
      'open keymeter itself, or call the API from a program',
    );
  }
  await next();
};

function tokenGuard(token: string): MiddlewareHandler<ApiEnv> {
  const expected = digest(token);
  return async (c, next) => {
    const given = /^Bearer +([A-Za-z0-9._~+/=-]{1,512})$/i.exec(
      c.req.header('authorization') ?? '',
    )?.[1];
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      throw new ProblemError(
        401,
        'unauthorized',
        given === undefined ? 'the request has no bearer token' : 'the bearer token is wrong',
        'send `Authorization: Bearer TOKEN` with the token that `keymeter serve` printed',
        { headers: { 'WWW-Authenticate': 'Bearer realm="keymeter"' } },
      );
    }
    await next();
  };
}

/** Digests have one length, so that the comparison takes the same time whatever was sent. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
