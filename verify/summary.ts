import type { ExitCode } from '../core/errors.ts';
import { exitCodes } from '../core/errors.ts';
import type { FileStatus, HourStatus, Outcome, Verdict } from './verdict.ts';
import { worse } from './verdict.ts';

export interface VerifySummary {
  outcome: Outcome;
  digests_total: number;
  digests: Partial<Record<FileStatus, number>>;
  log_files_total: number;
  log_files: Partial<Record<FileStatus, number>>;
  /** Log files whose hash came from the ledger. */
  log_files_from_ledger: number;
  hours_total: number;
  hours: Partial<Record<HourStatus, number>>;
  /** First and last instant that a valid digest speaks for; null when none does. */
  proven_from: string | null;
  proven_to: string | null;
}

/** Counts verdicts as they pass, in constant memory. */
export class SummaryCounter {
  readonly #summary: VerifySummary = {
    outcome: 'valid',
    digests_total: 0,
    digests: {},
    log_files_total: 0,
    log_files: {},
    log_files_from_ledger: 0,
    hours_total: 0,
    hours: {},
    proven_from: null,
    proven_to: null,
  };

  add(verdict: Verdict): void {
    const summary = this.#summary;
    summary.outcome = worse(summary.outcome, verdict.outcome);
    if (verdict.kind === 'digest') {
      summary.digests_total++;
      count(summary.digests, verdict.status);
    } else if (verdict.kind === 'log') {
      summary.log_files_total++;
      count(summary.log_files, verdict.status);
      if (verdict.from_ledger) summary.log_files_from_ledger++;
    } else {
      summary.hours_total++;
      count(summary.hours, verdict.status);
      if (verdict.outcome === 'valid') this.#widen(verdict.hour_from, verdict.hour_to);
    }
  }

  #widen(from: string, to: string): void {
    const summary = this.#summary;
    if (summary.proven_from === null || from < summary.proven_from) summary.proven_from = from;
    if (summary.proven_to === null || to > summary.proven_to) summary.proven_to = to;
  }

  /** A run that met no digest at all proves nothing. */
  finish(): VerifySummary {
    const summary = structuredClone(this.#summary);
    if (summary.digests_total === 0) summary.outcome = worse(summary.outcome, 'not_verifiable');
    return summary;
  }
}

function count<Key extends string>(counts: Partial<Record<Key, number>>, key: Key): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

/** Summary of a whole run. */
export async function summarise(
  verdicts: AsyncIterable<Verdict> | Iterable<Verdict>,
): Promise<VerifySummary> {
  const counter = new SummaryCounter();
  for await (const verdict of verdicts) counter.add(verdict);
  return counter.finish();
}

/** 0: all valid; 1: something is invalid; 4: nothing invalid, but not all could be proven. */
export function exitCodeOf(summary: VerifySummary): ExitCode {
  if (summary.outcome === 'invalid') return exitCodes.failed;
  return summary.outcome === 'valid' ? exitCodes.done : exitCodes.partial;
}
