import type { HourVerdict, Verdict } from '../verify/verdict.ts';
import type { VerifiedHours } from '../store/verified-hours.ts';

/** What was asked for, in milliseconds; undefined is as far as there are digests. */
export interface VerifiedRange {
  from: number | undefined;
  to: number | undefined;
}

/**
 * Keeps the verdicts on digest periods as they pass. Those of one account and Region come together, so
 * one is stored when the next begins: memory holds one, and a run that breaks off keeps the finished.
 */
export class VerdictRecord {
  readonly #hours: VerifiedHours;
  readonly #range: VerifiedRange;
  #pending: HourVerdict[] = [];

  constructor(hours: VerifiedHours, range: VerifiedRange) {
    this.#hours = hours;
    this.#range = range;
  }

  async add(verdict: Verdict): Promise<void> {
    const [first] = this.#pending;
    if (first && (first.account_id !== verdict.account_id || first.region !== verdict.region)) {
      await this.end();
    }
    if (verdict.kind === 'hour') this.#pending.push(verdict);
  }

  /** Stores what is left; called once after the last verdict. */
  async end(): Promise<void> {
    const pending = this.#pending;
    const [first] = pending;
    if (!first) return;
    this.#pending = [];
    const { account_id, region } = first;
    const { from = Infinity, to = -Infinity } = this.#range;
    await this.#hours.replace(
      { account_id, region, from, to },
      pending.map(({ trail, chain, status, log_files, digest_key, hour_from, hour_to }) => ({
        trail,
        chain,
        status,
        log_files,
        digest_key,
        hour_from: Date.parse(hour_from),
        hour_to: Date.parse(hour_to),
      })),
    );
  }
}
