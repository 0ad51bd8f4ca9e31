import type { Analysis } from '../../analytics/analysis.ts';
import { messageOf } from '../../core/errors.ts';
import type { JsonRow } from '../../store/engine.ts';
import { withDeadline } from '../deadline.ts';
import type { ApiOptions } from '../options.ts';
import { analysisMetrics, collectAnalysis } from './analysis-metrics.ts';
import type { MetricFamily } from './family.ts';
import { callMetrics, ledgerMetrics } from './ledger-metrics.ts';

/** One part may take this long; scrapes are answered from what was complete before. */
const part_ms_max = 120_000;

/** A part's last complete families, and how the last try went. */
interface Part {
  families: MetricFamily[];
  up: boolean;
  succeeded_at_s: number | null;
}

/**
 * The metrics that take queries, by the part that makes them. A part that fails or is late keeps what it
 * had: series do not vanish under load, `keymeter_analysis_up` says what is wrong.
 */
export class MetricCollection {
  readonly #options: ApiOptions;
  readonly #registry: ReadonlyMap<string, Analysis>;
  readonly #parts = new Map<string, Part>();
  #data_version: string | undefined;
  #running: Promise<void> | undefined;
  /** The newest KMS event and the quotas with calls, as last known. */
  #end_s: number | null = null;
  #scopes: readonly JsonRow[] = [];

  constructor(options: ApiOptions, registry: ReadonlyMap<string, Analysis>) {
    this.#options = options;
    this.#registry = registry;
  }

  /** Starts a collection when the data has changed; resolves when it is complete or `wait_ms` are over. */
  async refresh(wait_ms: number): Promise<void> {
    const data_version = await this.#options.engine.dataVersion();
    if (!this.#running && this.#data_version !== data_version) {
      const work = this.#collect(data_version).finally(() => {
        this.#running = undefined;
        this.#options.background?.delete(work);
      });
      this.#running = work;
      this.#options.background?.add(work);
    }
    if (!this.#running) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, wait_ms);
    });
    await Promise.race([this.#running, late]);
    clearTimeout(timer);
  }

  /** What is known now. */
  families(): MetricFamily[] {
    const parts = [...this.#parts].map(([part, state]) => ({ part, state }));
    const analyses = [...analysisNames, ...fixedParts].map((analysis) => {
      const state = this.#parts.get(analysis);
      return { analysis, value: state?.up ? 1 : 0, at: state?.succeeded_at_s ?? null };
    });
    return [
      ...parts.flatMap(({ state }) => state.families),
      {
        name: 'keymeter_analysis_up',
        help: '1 when the analysis (or query) behind metrics was answered at the last try; its metrics are the last complete ones',
        type: 'gauge',
        labels: ['analysis'],
        rows: analyses,
      },
      {
        name: 'keymeter_analysis_last_success_timestamp_seconds',
        help: 'when the metrics of the analysis were last complete',
        type: 'gauge',
        labels: ['analysis'],
        rows: analyses.map(({ analysis, at }) => ({ analysis, value: at })),
      },
    ];
  }

  async #collect(data_version: string): Promise<void> {
    const { engine, config } = this.#options;
    const done = [
      await this.#part('ledger', async (signal) => {
        const made = await ledgerMetrics(engine, signal);
        this.#end_s = made.event_end_s;
        return made.families;
      }),
      await this.#part('calls', async (signal) => {
        const families = await callMetrics(engine, signal);
        this.#scopes = families[0]!.rows;
        return families;
      }),
    ];
    for (const metric of analysisMetrics) {
      const analysis = this.#registry.get(metric.analysis);
      if (this.#options.closing?.aborted) return;
      done.push(
        await this.#part(metric.analysis, async (signal) => {
          if (!analysis) throw new Error(`there is no analysis ${metric.analysis}`);
          if (this.#end_s === null) return [];
          const data = { end_s: this.#end_s, scopes: this.#scopes };
          return collectAnalysis(metric, analysis, { engine, config, signal }, data);
        }),
      );
    }
    // What failed is tried again at the next scrape.
    if (done.every(Boolean)) this.#data_version = data_version;
  }

  async #part(
    name: string,
    make: (signal: AbortSignal) => Promise<MetricFamily[]>,
  ): Promise<boolean> {
    try {
      const families = await withDeadline(part_ms_max, this.#options.closing, make);
      this.#parts.set(name, { families, up: true, succeeded_at_s: Date.now() / 1000 });
      return true;
    } catch (error) {
      if (this.#options.closing?.aborted) return false;
      this.#options.log?.('metric failed', { analysis: name, error: messageOf(error) });
      const before = this.#parts.get(name);
      this.#parts.set(name, {
        families: before?.families ?? [],
        up: false,
        succeeded_at_s: before?.succeeded_at_s ?? null,
      });
      return false;
    }
  }
}

const fixedParts = ['ledger', 'calls'];
const analysisNames = analysisMetrics.map(({ analysis }) => analysis);
