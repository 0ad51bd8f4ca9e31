/** One attempt at the same thing; attempts come in order of time. */
export interface Attempt {
  /** Seconds since the epoch. */
  second: number;
  throttled: boolean;
}

export type BackOff = 'none' | 'fixed' | 'exponential' | 'irregular';

/** A throttled call and what was tried again after it. */
export interface RetryChain {
  attempts: Attempt[];
  /** False when nothing got through within the time that one waits for the next attempt. */
  succeeded: boolean;
}

/**
 * Chains of attempts: a chain begins with a throttled attempt and goes on while the next attempt comes
 * at most `within_seconds` after the throttled one before it; one that is not throttled ends it.
 */
export function retryChains(attempts: readonly Attempt[], within_seconds: number): RetryChain[] {
  const chains: RetryChain[] = [];
  let open: Attempt[] = [];
  const close = (succeeded: boolean) => {
    if (open.length > 0) chains.push({ attempts: open, succeeded });
    open = [];
  };
  for (const attempt of attempts) {
    const previous = open.at(-1);
    if (previous && attempt.second - previous.second > within_seconds) close(false);
    if (attempt.throttled) {
      open.push(attempt);
    } else if (open.length > 0) {
      open.push(attempt);
      close(true);
    }
  }
  close(false);
  return chains;
}

/** Gaps between attempts in seconds. */
export function gapsOf(attempts: readonly Attempt[]): number[] {
  return attempts.slice(1).map((attempt, i) => attempt.second - attempts[i]!.second);
}

/**
 * The shape of the pauses, in whole seconds as the log gives them: none when half of them are below
 * two seconds and they do not grow; fixed when they differ by at most a second; exponential when each
 * is at least one and a half times the one before, give or take a second.
 */
export function backOffShape(gaps: readonly number[]): BackOff {
  if (gaps.length === 0) return 'irregular';
  const grows = gaps.every((gap, i) => i === 0 || gap + 1 >= 1.5 * gaps[i - 1]!);
  if (gaps.length >= 3 && grows && gaps.at(-1)! >= 4 && gaps.at(-1)! >= 2 * gaps[0]!) {
    return 'exponential';
  }
  const sorted = [...gaps].sort((a, b) => a - b);
  if (sorted[Math.ceil(sorted.length / 2) - 1]! <= 1) return 'none';
  return sorted.at(-1)! - sorted[0]! <= 1 ? 'fixed' : 'irregular';
}

/** Back-off that the chains are measured against: the AWS SDKs' standard mode (1 s, doubled, 20 s). */
export interface FullJitter {
  base_seconds: number;
  cap_seconds: number;
}

/**
 * Attempts that exponential back-off with full jitter needs on average until `duration_seconds` after
 * the first: a pause is on average half of min(cap, base * 2^n).
 */
export function attemptsWithJitter(duration_seconds: number, jitter: FullJitter): number {
  let attempts = 1;
  let elapsed = 0;
  while (elapsed < duration_seconds) {
    elapsed += Math.min(jitter.cap_seconds, jitter.base_seconds * 2 ** (attempts - 1)) / 2;
    attempts++;
  }
  return attempts;
}
