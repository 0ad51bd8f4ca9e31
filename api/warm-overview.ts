import { messageOf } from '../core/errors.ts';
import type { PreparedAnswers } from './analysis-routes.ts';
import type { ApiOptions } from './options.ts';

/** What the Overview asks first, over all data. A browser test says when the page asks otherwise. */
export const overviewQueries: readonly string[] = [
  'call-rates?bin=day&limit=100000',
  'call-rates?bin=hour&limit=100000',
  'quota-utilisation',
  'request-cost?by=account',
  'service-usage',
  'key-usage',
  'coverage?limit=100000',
  'findings',
  'detections',
];

const check_ms = 2_000;
const deadline_ms = 120_000;

/**
 * Has the Overview's answers ready, one query at a time, whenever the data has stood still for two
 * looks: the first page opens at once also on much data, and an ingest is not slowed by it.
 */
export function warmOverview(options: ApiOptions, answers: PreparedAnswers): void {
  let seen = '';
  let warmed = '';
  let busy = false;
  const timer = setInterval(start, check_ms);
  timer.unref();
  options.closing?.addEventListener('abort', () => clearInterval(timer), { once: true });
  start();

  function start(): void {
    const looking = look().finally(() => options.background?.delete(looking));
    options.background?.add(looking);
  }

  async function look(): Promise<void> {
    if (busy || options.closing?.aborted) return;
    busy = true;
    try {
      const data_version = await options.engine.dataVersion();
      const still = data_version === seen && options.ingestStatus?.().state !== 'running';
      seen = data_version;
      if (still && data_version !== warmed) {
        warmed = data_version;
        await warm();
      }
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
        await answers.prepare(query, deadline_ms);
      } catch (error) {
        if (options.closing?.aborted) return;
        options.log?.('overview not prepared', { query, error: messageOf(error) });
      }
    }
  }
}
