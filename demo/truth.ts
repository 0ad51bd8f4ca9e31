import type { QuotaOverride, SituationTruths } from './situations/index.ts';
import type { DemoTotals } from './tally.ts';

/**
 * What the demo trail holds, by the generator's own arithmetic over its plan. Instants are ISO seconds,
 * counts are of counted calls unless the name says records or events.
 */
export interface DemoTruth {
  seed: number;
  scale: number;
  clean_only: boolean;
  totals: DemoTotals;
  /** Files of the bucket that are no logs: a digest and an Insight file. */
  not_logs: string[];
  /** Applied quotas the planted numbers assume; also in keymeter-demo-config.json. */
  quota_overrides: readonly QuotaOverride[];
  /** Empty with `cleanOnly`. */
  situations: Partial<SituationTruths>;
}

export type { SituationTruths };
