import { shellQuoted } from './lever-facts.ts';

export const findingNames = [
  'bucket_key_off',
  'bucket_objects_older',
  'log_bucket_key',
  'data_key_cache',
  'data_key_cache_candidate',
  'sqs_reuse',
  'dynamodb_connections',
  'secret_cache',
  'parameter_cache',
  'branch_key_cache',
  'lambda_cold_starts',
  'idle_key',
  'trail_copies',
] as const;
export type FindingName = (typeof findingNames)[number];

/** Levers in the order in which they are combined (definitions: Finding). */
export const leverOrder = ['configuration', 'client_caching', 'architecture'] as const;
export type LeverClass = (typeof leverOrder)[number];

export type Confidence = 'high' | 'medium' | 'low';

/**
 * One account's part of a finding. All of its numbers are of one set of parameters, the one that the
 * advice names; low and high are the ends of the band that the log leaves open.
 */
export interface CandidateShare {
  account_id: string;
  calls: number;
  saved_calls_low: number;
  saved_calls: number;
  saved_calls_high: number;
  one_time_cost_usd: number;
  keys_usd_monthly: number;
  keys_high_usd_monthly: number;
  ends_copies: boolean;
}

/** A finding before it is settled and ranked. */
export interface Candidate {
  finding: FindingName;
  lever_class: LeverClass;
  title: string;
  region: string;
  resource: string;
  principal_arn: string | null;
  key_arn: string | null;
  parameters: string;
  shares: CandidateShare[];
  calls_per_second_peak: number | null;
  calls_per_second_peak_after: number | null;
  confidence: Confidence;
  confidence_reason: string;
  taken_before: string | null;
  evidence: string;
  change: string;
  check: string;
  query: string;
  lost: string;
}

/** A share that spares calls and nothing else. */
export function callShare(
  account_id: string,
  calls: number,
  saved: { low: number; expected: number; high: number },
  one_time_cost_usd = 0,
): CandidateShare {
  return {
    account_id,
    calls,
    // The band holds its headline, whatever the settings of its ends would give.
    saved_calls_low: Math.min(saved.low, saved.expected),
    saved_calls: saved.expected,
    saved_calls_high: Math.max(saved.high, saved.expected),
    one_time_cost_usd,
    keys_usd_monthly: 0,
    keys_high_usd_monthly: 0,
    ends_copies: false,
  };
}

/** The command that runs an analysis; values come from the log and are quoted. */
export const runCommand = (analysis: string, flags: Record<string, string>) =>
  `keymeter run ${analysis} ${Object.entries(flags)
    .map(([name, value]) => `--${name} ${shellQuoted(value)}`)
    .join(' ')}`.trim();

/** The command that compares the time before a change with the time after it. */
export const compareCommand = (flags: Record<string, string>) =>
  `${runCommand('before-after', flags)} --changed-at <instant of the change>`;

export const sharesSum = (
  shares: readonly CandidateShare[],
  pick: (share: CandidateShare) => number,
) => shares.reduce((sum, share) => sum + pick(share), 0);
