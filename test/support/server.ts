import { request } from 'node:http';
import { defaultConfig } from '../../core/config.ts';
import type { Engine } from '../../store/engine.ts';
import { serve, type RunningServer, type ServeOptions } from '../../api/listen.ts';

export interface Answer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text: string;
  json: () => any;
}

/** A raw request over a real socket: nothing normalises the path or the Host. */
export function rawRequest(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: options.method ?? 'GET',
        headers: options.headers ?? {},
        agent: false,
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(parts).toString();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: () => JSON.parse(text),
          });
        });
      },
    );
    sent.on('error', reject);
    if (options.body !== undefined) sent.write(options.body);
    sent.end();
  });
}

/** Tests wait for answers, however slow the machine is; those about deadlines set their own. */
export const patient = { deadline_ms: 600_000, wait_ms: 600_000 };

/** A server on a free port for the time of `use`. */
export async function withServer<T>(
  engine: Engine,
  use: (server: RunningServer) => Promise<T>,
  options: Partial<ServeOptions> = {},
): Promise<T> {
  const server = await serve({ engine, config: defaultConfig, port: 0, ...patient, ...options });
  try {
    return await use(server);
  } finally {
    await server.close();
  }
}
