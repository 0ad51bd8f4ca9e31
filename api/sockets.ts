import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { memberOf } from '../core/member-of.ts';
import { problemTitles } from './problems.ts';

/** Connections without a whole request of which the newest are kept: slow ones must not keep others out. */
const waiting_max = 128;

type Refusal = readonly [status: number, reason: string, code: string];
const badRequest: Refusal = [400, 'Bad Request', 'bad_request'];
const refusals: ReadonlyMap<string, Refusal> = new Map([
  ['HPE_HEADER_OVERFLOW', [431, 'Request Header Fields Too Large', 'header_too_large']],
  ['ERR_HTTP_REQUEST_TIMEOUT', [408, 'Request Timeout', 'request_too_slow']],
]);
const fixes: ReadonlyMap<string, string> = new Map([
  ['header_too_large', 'send fewer or shorter headers, and a shorter address'],
  ['request_too_slow', 'send the head within 5 seconds and the whole request within 15'],
  ['bad_request', 'send HTTP/1.1 with a Host header'],
]);

/**
 * Ends the oldest connection that has not sent a whole head when too many have not. A browser sends
 * its request at once, so that only those who dawdle are ended.
 */
export function boundWaiting(server: Server): void {
  const waiting = new Set<Socket>();
  server.on('connection', (socket) => {
    waiting.add(socket);
    socket.once('close', () => waiting.delete(socket));
    if (waiting.size <= waiting_max) return;
    const [oldest] = waiting;
    oldest?.destroy();
    if (oldest) waiting.delete(oldest);
  });
  server.on('request', ({ socket }, response) => {
    waiting.delete(socket);
    // Kept alive, it may dawdle before the next one.
    response.once('close', () => {
      if (!socket.destroyed) waiting.add(socket);
    });
  });
}

/** What Node could not read as a request, as a problem (RFC 9457) instead of an empty answer. */
export function refuseRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  const [status, reason, code] = refusals.get(error.code ?? '') ?? badRequest;
  const body = JSON.stringify({
    type: `urn:keymeter:problem:${code}`,
    title: memberOf(problemTitles, code),
    status,
    detail: 'the server could not read the request',
    fix: fixes.get(code),
  });
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
