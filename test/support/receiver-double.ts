import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface Taken {
  id: string;
  authorization: string | undefined;
  body: Record<string, unknown>;
}

/** A webhook on loopback that answers as told: statuses one after another, then 200. */
export class ReceiverDouble {
  readonly taken: Taken[] = [];
  /** Statuses of the next answers; 0 hangs. */
  readonly answers: number[] = [];
  retryAfter: string | undefined;
  tries = 0;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.tries++;
        const status = this.answers.shift() ?? 200;
        if (status === 0) return;
        if (status === 200) {
          this.taken.push({
            id: String(request.headers['idempotency-key']),
            authorization: request.headers.authorization,
            body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
          });
        }
        if (this.retryAfter) response.setHeader('retry-after', this.retryAfter);
        response.writeHead(status).end();
      });
    });
  }

  static async start(): Promise<ReceiverDouble> {
    const double = new ReceiverDouble();
    await new Promise<void>((resolve) => double.#server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A mail server on loopback that takes every message; plain text, no sign-in. */
export async function startMailDouble(): Promise<{
  port: number;
  mails: string[];
  stop: () => Promise<void>;
}> {
  const mails: string[] = [];
  const server: TcpServer = createTcpServer((socket) => {
    let isData = false;
    let text = '';
    socket.write('220 double\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (isData) {
        const end = text.indexOf('\r\n.\r\n');
        if (end < 0) return;
        mails.push(text.slice(0, end));
        text = text.slice(end + 5);
        isData = false;
        socket.write('250 taken\r\n');
        return;
      }
      for (let at = text.indexOf('\r\n'); at >= 0 && !isData; at = text.indexOf('\r\n')) {
        const line = text.slice(0, at).toUpperCase();
        text = text.slice(at + 2);
        if (line.startsWith('DATA')) {
          isData = true;
          socket.write('354 go on\r\n');
        } else if (line.startsWith('QUIT')) socket.end('221 bye\r\n');
        else socket.write('250 ok\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
