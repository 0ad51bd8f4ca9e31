import { createHash } from 'node:crypto';
import type { AnalysisContext } from '../analytics/analysis.ts';
import type { AlertsConfig } from '../core/alert-config.ts';
import { messageOf } from '../core/errors.ts';
import { parseDuration } from '../core/time.ts';
import { reports } from '../reports/all-reports.ts';
import { figureText } from '../reports/figure-text.ts';
import { reportHtml } from '../reports/render-html.ts';
import { evaluate, openEvaluation } from './rules.ts';
import { send, type Outcome } from './receivers.ts';
import { duePeriod } from './schedule.ts';
import type { Situation } from './situation.ts';
import { readState, writeState, type AlertState, type Delivery, type Message } from './state.ts';
import { alertMessage } from './templates.ts';

/** First wait after a try that failed; it doubles up to the longest. */
const retry_ms = { first: 5_000, most: 900_000 };
/** After this the receiver is told no more of it. */
const give_up_ms = 86_400_000;
const failed_kept = 100;

export interface AlertsOptions {
  /** Where open situations and undelivered messages are kept. */
  stateFile: string;
  /** Flags for commands in reports, such as ` --db kms.duckdb`. */
  flags?: string;
  send?: typeof send;
  now?: () => Date;
  /** Told of each try that failed; without secrets. */
  onFailure?: (receiver: string, reason: string) => void;
}

/**
 * Rules, situations and their deliveries. A situation is fired when a rule first finds it and resolved when
 * the rule no longer does; both go to the outbox in one write of the state, so that a kill at any moment loses
 * no message. Each message is sent until the receiver takes it: at least once, with one id.
 */
export class Alerts {
  readonly #config: AlertsConfig;
  readonly #options: AlertsOptions;
  #state: AlertState;
  #running: Promise<void> | null = null;

  constructor(config: AlertsConfig, options: AlertsOptions) {
    this.#config = config;
    this.#options = options;
    this.#state = readState(options.stateFile);
  }

  /** Whether anybody is to be told of anything. */
  static isWanted({ rules, reports: schedules, receivers }: AlertsConfig): boolean {
    return receivers.length > 0 && rules.length + schedules.length > 0;
  }

  get pending(): number {
    return this.#state.outbox.length;
  }

  /** Evaluates every rule, notes what changed, makes reports that are due, and delivers. One at a time. */
  run(context: AnalysisContext): Promise<void> {
    this.#running ??= this.#run(context).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #run(context: AnalysisContext): Promise<void> {
    const now = this.#now();
    const { holding, failed } = await this.#evaluate(context, now);
    const before = this.#state;
    const opened = holding.filter(({ id }) => !before.open.some((one) => one.id === id));
    // A rule that could not be evaluated says nothing about its situations.
    const known = new Set(this.#config.rules.map((rule) => rule.name));
    const ended = before.open.filter(
      ({ id, rule }) => !failed.has(rule) && !holding.some((one) => one.id === id),
    );
    const outbox = [
      ...before.outbox,
      ...opened.flatMap((situation) => this.#deliveries(situation, 'firing', now)),
      ...ended
        .filter(({ rule }) => known.has(rule))
        .flatMap((situation) => this.#deliveries(situation, 'resolved', now)),
      ...(await this.#reportsDue(context, now)),
    ];
    const open = [
      ...before.open.filter((one) => !ended.includes(one)),
      ...opened.map(({ kind: _kind, ...one }) => ({ ...one, fired_at: now.toISOString() })),
    ];
    const periods = this.#config.reports.map((schedule) => ({
      name: schedule.name,
      period: duePeriod(schedule, now),
    }));
    this.#save({
      ...before,
      open: open.map((one) => ({ ...one, labels: { ...one.labels } })),
      outbox,
      reports: periods,
    });
    await this.deliver();
  }

  /** What every rule says now; the names of rules that could not be evaluated. */
  async #evaluate(
    context: AnalysisContext,
    now: Date,
  ): Promise<{ holding: Situation[]; failed: Set<string> }> {
    const evaluation = await openEvaluation(context, now);
    const holding = new Map<string, Situation>();
    const failed = new Set<string>();
    for (const rule of this.#config.rules) {
      try {
        for (const situation of await evaluate(rule, evaluation))
          holding.set(situation.id, situation);
      } catch (error) {
        failed.add(rule.name);
        this.#options.onFailure?.(`rule ${rule.name}`, messageOf(error));
      }
    }
    return { holding: [...holding.values()], failed };
  }

  /** Sends what is due. What fails waits longer each time; after a day it is given up. */
  async deliver(): Promise<void> {
    const now = this.#now();
    for (const delivery of this.#state.outbox.filter((one) => one.next_at <= now.getTime())) {
      const receiver = this.#config.receivers.find((one) => one.name === delivery.receiver);
      const outcome: Outcome = receiver
        ? await (this.#options.send ?? send)(receiver, delivery)
        : { done: false, reason: 'no such receiver in the configuration', givesUp: true };
      this.#settle(delivery, outcome, now);
    }
  }

  #settle(delivery: Delivery, outcome: Outcome, now: Date): void {
    const others = this.#state.outbox.filter((one) => one !== delivery);
    if (outcome.done) return this.#save({ ...this.#state, outbox: others });
    const { reason, later_ms, givesUp = false } = outcome;
    this.#options.onFailure?.(delivery.receiver, reason);
    const attempts = delivery.attempts + 1;
    const wait = later_ms ?? Math.min(retry_ms.first * 2 ** (attempts - 1), retry_ms.most);
    const isOver = givesUp || now.getTime() - delivery.made_at > give_up_ms;
    if (!isOver) {
      const again = { ...delivery, attempts, next_at: now.getTime() + wait };
      const outbox = this.#state.outbox.map((one) => (one === delivery ? again : one));
      return this.#save({ ...this.#state, outbox });
    }
    const { id, receiver } = delivery;
    const failed = [...this.#state.failed, { id, receiver, reason, at: now.toISOString() }];
    this.#save({ ...this.#state, outbox: others, failed: failed.slice(-failed_kept) });
  }

  #deliveries(
    situation: Omit<Situation, 'kind'>,
    status: 'firing' | 'resolved',
    now: Date,
  ): Delivery[] {
    const rule = this.#config.rules.find((one) => one.name === situation.rule);
    const message = alertMessage(situation, status, now, this.#config.base_url);
    return this.#receiversOf(rule).map((receiver) =>
      this.#delivery(
        `${situation.id}-${status}-${situation.since}`,
        receiver,
        status,
        message,
        now,
      ),
    );
  }

  #delivery(
    subject: string,
    receiver: string,
    status: Delivery['status'],
    message: Message,
    now: Date,
  ): Delivery {
    const id = createHash('sha256')
      .update(JSON.stringify([subject, receiver]))
      .digest('hex')
      .slice(0, 32);
    const at = now.getTime();
    return { id, receiver, status, message, attempts: 0, next_at: at, made_at: at };
  }

  #receiversOf(part: { receivers?: readonly string[] | undefined } | undefined): readonly string[] {
    return part?.receivers ?? this.#config.receivers.map((one) => one.name);
  }

  /** Scheduled reports of a period that has begun since they were last made; none at the first start. */
  async #reportsDue(context: AnalysisContext, now: Date): Promise<Delivery[]> {
    const made: Delivery[] = [];
    for (const schedule of this.#config.reports) {
      const period = duePeriod(schedule, now);
      const last = this.#state.reports.find((one) => one.name === schedule.name);
      if (!last || last.period >= period) continue;
      const over_ms = schedule.over ? parseDuration(schedule.over) : null;
      const filters: Record<string, string> = over_ms
        ? { from: new Date(now.getTime() - over_ms).toISOString() }
        : {};
      const report = await reports[schedule.report]!(context, {
        filters,
        flags: this.#options.flags ?? '',
      });
      const fields = report.headline.map((f) => [
        f.label,
        `${f.unit === 'USD' ? '$' : ''}${figureText(f.value, f.unit)}`,
      ]);
      const message: Message = {
        title: `${report.title}, ${period}`,
        text: report.sections
          .flatMap((section) => section.findings)
          .slice(0, 10)
          .join('\n'),
        severity: 'info',
        fields: Object.fromEntries(fields) as Record<string, string>,
        link: this.#config.base_url ?? null,
        at: now.toISOString(),
        html: reportHtml(report),
      };
      for (const receiver of this.#receiversOf(schedule)) {
        made.push(
          this.#delivery(`report ${schedule.name} ${period}`, receiver, 'report', message, now),
        );
      }
    }
    return made;
  }

  #save(state: AlertState): void {
    writeState(this.#options.stateFile, state);
    this.#state = state;
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }
}
