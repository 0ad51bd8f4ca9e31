import { Alerts } from '../alerts/alerts.ts';
import type { AnalysisContext } from '../analytics/analysis.ts';
import { messageOf } from '../core/errors.ts';
import { parseDuration } from '../core/time.ts';

export interface WatchAlerts {
  /** Evaluates the rules when their interval has passed since the last time. */
  afterCycle(): Promise<void>;
  close(): Promise<void>;
}

/** Failures of one receiver or rule are printed no more often than this. */
const quiet_ms = 600_000;

/**
 * Alerts beside a watching ingest: after each commit, and at the interval also without one, because a trail
 * that falls silent commits nothing. Null when the configuration asks for none.
 */
export function watchAlerts(context: AnalysisContext, db: string): WatchAlerts | null {
  const config = context.config.alerts;
  if (!Alerts.isWanted(config)) return null;
  const every_ms = parseDuration(config.every) ?? 60_000;
  const said = new Map<string, number>();
  const alerts = new Alerts(config, {
    stateFile: `${db}.alerts.json`,
    flags: ` --db ${db}`,
    onFailure: (what, reason) => {
      const now = Date.now();
      if (now - (said.get(what) ?? 0) < quiet_ms) return;
      said.set(what, now);
      process.stderr.write(`alerts: ${what}: ${reason}\n`);
    },
  });
  let ran_at = 0;
  let running = Promise.resolve();
  const run = () => {
    if (Date.now() - ran_at < every_ms) return running;
    ran_at = Date.now();
    running = alerts.run(context).catch((error: unknown) => {
      process.stderr.write(`alerts: ${messageOf(error)}\n`);
    });
    return running;
  };
  const timer = setInterval(() => void run(), every_ms);
  return {
    afterCycle: run,
    async close() {
      clearInterval(timer);
      await running;
    },
  };
}
