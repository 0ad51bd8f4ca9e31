import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { exitCodes, KeymeterError, messageOf } from '../core/errors.ts';
import type { ApiOptions } from './options.ts';
import { createApp } from './server.ts';
import { boundWaiting, refuseRequest } from './sockets.ts';

export interface ServeOptions extends Omit<ApiOptions, 'allowedHosts' | 'background' | 'closing'> {
  /** 0 takes any free port. */
  port: number;
  /** Address to bind; anything beyond loopback needs a token. */
  host?: string;
  /** More names that requests may use, such as those of a reverse proxy: `name` or `name:port`. */
  allowedHosts?: readonly string[];
}

export interface RunningServer {
  url: string;
  port: number;
  /** Ends event streams, lets running requests finish for a moment, then closes every socket. */
  close(): Promise<void>;
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);
const connections_max = 1_024;
const headers_ms_max = 5_000;
const request_ms_max = 15_000;
const close_grace_ms = 2_000;

/**
 * Starts the server. Throws KeymeterError `token_required` (a bind beyond loopback without a token)
 * and `port_unavailable`.
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const host = options.host ?? '127.0.0.1';
  if (!loopback.has(host) && options.token === undefined) {
    throw new KeymeterError('token_required', `${host} is reachable from other machines`, {
      fix: 'give a token with --token-file, or bind 127.0.0.1',
      exitCode: exitCodes.usage,
    });
  }
  const closing = new AbortController();
  const allowedHosts = new Set<string>();
  const background = new Set<Promise<void>>();
  const app = await createApp({ ...options, allowedHosts, background, closing: closing.signal });
  const server = createAdaptorServer({
    fetch: (request, env) => app.fetch(request, env),
    overrideGlobalObjects: false,
    // Node looks at its time limits every 30 seconds otherwise.
    serverOptions: { connectionsCheckingInterval: 500 },
  }) as Server;
  server.headersTimeout = headers_ms_max;
  server.requestTimeout = request_ms_max;
  server.maxConnections = connections_max;
  boundWaiting(server);
  server.on('clientError', refuseRequest);
  const port = await listen(server, options.port, host);
  for (const name of namesOf(host, options.allowedHosts ?? [], port)) allowedHosts.add(name);
  return {
    port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    close: async () => {
      closing.abort();
      await Promise.allSettled(background);
      await new Promise<void>((resolve) => {
        const grace = setTimeout(() => server.closeAllConnections(), close_grace_ms);
        // A connection becomes idle when its last answer is out, which may be after this moment.
        const sweep = setInterval(() => server.closeIdleConnections(), 20);
        server.close(() => {
          clearTimeout(grace);
          clearInterval(sweep);
          resolve();
        });
        server.closeIdleConnections();
      });
    },
  };
}

/** Host values that a request may carry. A name without a port is one behind a proxy's port too. */
function namesOf(host: string, more: readonly string[], port: number): string[] {
  const own = ['127.0.0.1', 'localhost', '[::1]'];
  if (!loopback.has(host) && host !== '0.0.0.0' && host !== '::') {
    own.push(host.includes(':') ? `[${host}]` : host);
  }
  const names = own.map((name) => `${name}:${port}`);
  if (port === 80) names.push(...own);
  for (const name of more) {
    const lower = name.toLowerCase();
    names.push(lower);
    if (!/:\d+$/.test(lower)) names.push(`${lower}:${port}`);
  }
  return names;
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new KeymeterError('port_unavailable', `cannot listen: ${messageOf(error)}`, {
          fix: 'choose another port with --port (0 takes a free one)',
          cause: error,
        }),
      );
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}
