import type { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Answer } from './answer.ts';
import { emptyQuery } from './ingest-routes.ts';
import type { Job, Jobs } from './jobs.ts';
import type { ApiEnv, ApiOptions } from './options.ts';
import { notFound, ProblemError } from './problems.ts';
import { parseQuery } from './query-params.ts';

const poll_ms = 500;
const streams_max = 64;

export const jobAddress = (id: string): string => `/api/v1/jobs/${id}`;

/** `/api/v1/jobs/{id}`: what an answer in the making has come to; DELETE gives it up. */
export function jobRoutes(app: Hono<ApiEnv>, options: ApiOptions, jobs: Jobs<Answer>): void {
  const jobOf = (id: string): Job<Answer> => {
    const job = jobs.find(id);
    if (job) return job;
    throw notFound(
      'job of that id',
      'ask the analysis again: a job is forgotten two minutes after it ended',
    );
  };

  app.get('/api/v1/jobs/:id', (c) => {
    parseQuery(new URL(c.req.url).searchParams, emptyQuery);
    c.header('Cache-Control', 'no-store');
    return c.json({ job: jobOf(c.req.param('id')).status() });
  });

  app.delete('/api/v1/jobs/:id', (c) => {
    parseQuery(new URL(c.req.url).searchParams, emptyQuery);
    const job = jobOf(c.req.param('id'));
    jobs.cancel(job);
    c.header('Cache-Control', 'no-store');
    return c.json({ job: job.status() }, 202);
  });

  let streams = 0;
  app.get('/api/v1/jobs/:id/events', (c) => {
    parseQuery(new URL(c.req.url).searchParams, emptyQuery);
    const job = jobOf(c.req.param('id'));
    if (streams >= streams_max) {
      const detail = `${streams} event streams of jobs are open`;
      throw new ProblemError(429, 'too_many_streams', detail, `poll ${jobAddress(job.id)}`, {
        headers: { 'Retry-After': '5' },
      });
    }
    streams++;
    job.waiting++;
    c.header('Cache-Control', 'no-store');
    return streamSSE(c, async (stream) => {
      let open = true;
      stream.onAbort(() => {
        open = false;
      });
      try {
        while (open && !options.closing?.aborted) {
          const status = job.status();
          await stream.writeSSE({ event: 'job', data: JSON.stringify({ job: status }) });
          if (status.state === 'done' || status.state === 'failed') break;
          await stream.sleep(poll_ms);
        }
      } finally {
        streams--;
        job.left();
      }
    });
  });
}
