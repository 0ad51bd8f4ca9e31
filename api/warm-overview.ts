import { messageOf } from '../core/errors.ts';
import type { PreparedAnswers } from './analysis-routes.ts';
import { isIngesting, type ApiOptions } from './options.ts';

/** What the Overview asks first, over all data; what takes longest comes last. A browser test says when the page asks otherwise. */
export const overviewQueries: readonly string[] = [
  'log-totals',
  'names',
  'call-rates?bin=day&limit=100000',
  'call-rates?bin=hour&limit=100000',
  'quota-utilisation',
  'coverage?limit=100000',
  'bill',
  'findings',
  'detections?limit=10000',
  'detection-rules',
];

const check_ms = 250;

/**
 * Has the Overview's answers ready, one query at a time, from the server's start on and after each
 * change of the data, but never while an ingest runs: that changes the data every second or two, and
 * what is asked is made anew in the background then (answers.ts).
 */
export function warmOverview(options: ApiOptions, answers: PreparedAnswers): void {
  let warmed = '';
  let busy = false;
  answers.always(overviewQueries);
  const timer = setInterval(start, check_ms);
  timer.unref();
  options.closing?.addEventListener('abort', () => clearInterval(timer), { once: true });
  start();

  function start(): void {
    if (busy) return;
    const looking = look().finally(() => options.background?.delete(looking));
    options.background?.add(looking);
  }

  async function look(): Promise<void> {
    if (options.closing?.aborted || isIngesting(options)) return;
    busy = true;
    try {
      const data_version = await options.engine.dataVersion();
      if (data_version !== warmed) await warm();
      warmed = data_version;
    } catch (error) {
      if (!options.closing?.aborted) {
        options.log?.('overview not prepared', { error: messageOf(error) });
      }
    } finally {
      busy = false;
    }
  }

  async function warm(): Promise<void> {
    for (const query of overviewQueries) {
      if (options.closing?.aborted) return;
      try {
        await answers.prepare(query);
      } catch (error) {
        if (options.closing?.aborted) return;
        options.log?.('overview not prepared', { query, error: messageOf(error) });
      }
    }
  }
}
