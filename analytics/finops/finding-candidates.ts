import type { BucketSavingRow } from './bucket-key-savings.ts';
import type { CloudTrailCostRow } from './cloudtrail-cost.ts';
import type { CacheSavingRow } from './data-key-cache-savings.ts';
import type { KeyCostRow } from './key-cost.ts';
import { bucketKeyCommand, leverFacts, shellQuoted } from './lever-facts.ts';
import type { ServiceLeverRow } from './service-levers.ts';

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

/** Levers in the order in which they are combined (definitions.md 15). */
export const leverOrder = ['configuration', 'client_caching', 'architecture'] as const;
export type LeverClass = (typeof leverOrder)[number];

/** A finding before it is ranked. */
export interface Candidate {
  finding: FindingName;
  lever_class: LeverClass;
  title: string;
  account_id: string;
  region: string;
  resource: string;
  principal_arn: string | null;
  key_arn: string | null;
  calls: number;
  /** Saved by the pessimistic reading, and by the most favourable pessimistic setting of its band. */
  saved_calls: number;
  saved_calls_high: number;
  saving_usd: number;
  saving_usd_monthly: number | null;
  one_time_cost_usd: number;
  calls_per_second_peak: number | null;
  calls_per_second_peak_after: number | null;
  confidence: 'high' | 'medium' | 'low';
  taken_before: string | null;
  evidence: string;
  change: string;
  check: string;
  query: string;
  lost: string;
}

const run = (analysis: string, flags: Record<string, string>) =>
  `keymeter run ${analysis} ${Object.entries(flags)
    .map(([name, value]) => `--${name} ${shellQuoted(value)}`)
    .join(' ')}`.trim();

const compare = (flags: Record<string, string>) =>
  `${run('before-after', flags)} --changed-at <instant of the change>`;

/**
 * A bucket's rows (one for each setting of the band) as findings: the switch, and what a rewrite of
 * older objects adds to it. `chosen` is the row of the pessimistic setting.
 */
export function bucketFindings(
  chosen: BucketSavingRow,
  band: readonly BucketSavingRow[],
): Candidate[] {
  const most = (pick: (row: BucketSavingRow) => number | null) =>
    Math.max(...[chosen, ...band].map((row) => pick(row) ?? 0));
  const isLog = chosen.scope === 'log_delivery';
  const settings = 'T = 60 s and one key a session; T and requester are not published';
  const common = {
    account_id: chosen.account_id,
    region: chosen.region,
    resource: chosen.s3_bucket,
    principal_arn: null,
    key_arn: chosen.key_arn,
    calls: chosen.calls,
    query: `${run('bucket-key-savings', { bucket: chosen.s3_bucket, region: chosen.region })} --band true`,
    lost: chosen.lost,
  };
  const per_call = chosen.calls > 0 ? chosen.cost_usd! / chosen.calls : 0;
  const monthlyShare = (saved: number, whole: number, usd: number | null) =>
    usd === null ? null : whole > 0 ? (usd * saved) / whole : 0;
  const dayOne = chosen.saved_calls_day_one!;
  const rewrite = chosen.saved_calls_rewritten! - dayOne;
  const isOn = chosen.bucket_state === 'mixed';
  return [
    {
      ...common,
      finding: isLog ? 'log_bucket_key' : 'bucket_key_off',
      lever_class: 'configuration',
      title: isLog
        ? 'CloudTrail log bucket has no bucket key'
        : 'Bucket encrypts each object with a KMS call of its own',
      saved_calls: dayOne,
      saved_calls_high: most((row) => row.saved_calls_day_one),
      saving_usd: dayOne * per_call,
      saving_usd_monthly: chosen.saving_day_one_usd_monthly,
      one_time_cost_usd: 0,
      calls_per_second_peak: chosen.calls_per_second_peak,
      calls_per_second_peak_after: chosen.calls_per_second_peak_day_one,
      confidence: dayOne > 0 ? 'high' : 'medium',
      taken_before: null,
      evidence: `${chosen.writes} writes and ${chosen.reads_written} reads of what they wrote; ${chosen.writes_after! + chosen.reads_written_after!} calls left at ${settings}`,
      change: bucketKeyCommand(chosen.s3_bucket, chosen.key_arn),
      check: compare({ bucket: chosen.s3_bucket }),
    },
    {
      ...common,
      finding: 'bucket_objects_older',
      lever_class: 'architecture',
      title: 'Older objects of the bucket keep data keys of their own',
      saved_calls: rewrite,
      saved_calls_high: most((row) => row.saved_calls_rewritten! - row.saved_calls_day_one!),
      saving_usd: rewrite * per_call,
      saving_usd_monthly: monthlyShare(
        rewrite,
        chosen.saved_calls_rewritten!,
        chosen.saving_rewritten_usd_monthly,
      ),
      one_time_cost_usd: chosen.rewrite_cost_usd!,
      calls_per_second_peak: chosen.calls_per_second_peak_day_one,
      calls_per_second_peak_after: chosen.calls_per_second_peak_rewritten,
      confidence: rewrite > 0 ? 'medium' : 'low',
      taken_before: isOn ? null : 'bucket key on (configuration)',
      evidence: `${chosen.reads_older} reads of ${chosen.objects_older} objects older than the log; ${chosen.reads_older_after_high} calls left if each object still costs one a reader and window`,
      change: `rewrite the hot objects in place with S3 Batch Operations: ${run('bucket-rewrite-curve', { bucket: chosen.s3_bucket })} shows where it stops paying`,
      check: compare({ bucket: chosen.s3_bucket }),
    },
  ];
}

export function cacheFinding(row: CacheSavingRow): Candidate {
  const known = row.scope === 'encryption_sdk';
  const change = known
    ? `wrap the keyring in a caching materials manager: maxAge ${row.knee_max_age_seconds ?? row.max_age_seconds} s, maxMessagesEncrypted ${row.knee_max_messages ?? row.max_messages} (the knee); where the library has none, use the hierarchical keyring`
    : 'ask the owner whether each call must have its own data key; if not, cache it (Encryption SDK caching CMM or hierarchical keyring)';
  return {
    finding: known ? 'data_key_cache' : 'data_key_cache_candidate',
    lever_class: 'client_caching',
    title: known
      ? 'Encryption SDK asks KMS for a data key with each message'
      : 'Application asks KMS for data keys directly, with one context again and again',
    account_id: row.account_id,
    region: row.region,
    resource: row.key_arn,
    principal_arn: row.principal_arn,
    key_arn: row.key_arn,
    calls: row.calls,
    saved_calls: row.saved_calls,
    saved_calls_high: Math.max(row.saved_calls, row.knee_saved_calls ?? 0),
    saving_usd: row.saving_usd!,
    saving_usd_monthly: row.saving_usd_monthly,
    one_time_cost_usd: 0,
    calls_per_second_peak: row.calls_per_second_peak,
    calls_per_second_peak_after: row.calls_per_second_peak_after,
    confidence: known ? 'medium' : 'low',
    taken_before: null,
    evidence: `${row.generate_calls} GenerateDataKey and ${row.decrypt_calls} Decrypt calls; ${row.calls_after} left at maxAge ${row.max_age_seconds} s and ${row.max_messages} messages a key`,
    change,
    check: compare({ principal: row.principal_arn, key: row.key_arn }),
    query: `${run('data-key-cache-savings', { principal: row.principal_arn, key: row.key_arn })} --grid true`,
    lost: row.trade_off,
  };
}

export function serviceFinding(row: ServiceLeverRow): Candidate {
  const { title, change } = leverFacts(row.lever, row.resource, row.target_seconds);
  const inClient = row.lever !== 'sqs_reuse' && row.lever !== 'log_bucket_key';
  return {
    finding: row.lever,
    lever_class:
      row.lever === 'lambda_cold_starts'
        ? 'architecture'
        : inClient
          ? 'client_caching'
          : 'configuration',
    title,
    account_id: row.account_id,
    region: row.region,
    resource: row.resource,
    principal_arn: row.principal_arn,
    key_arn: row.key_arn,
    calls: row.calls,
    saved_calls: row.saved_calls,
    saved_calls_high: row.calls - row.calls_after_low,
    saving_usd: row.saving_usd!,
    saving_usd_monthly: row.saving_usd_monthly,
    one_time_cost_usd: 0,
    calls_per_second_peak: row.calls_per_second_peak,
    calls_per_second_peak_after: row.calls_per_second_peak_after,
    confidence: row.saved_calls === 0 ? 'low' : row.lever === 'sqs_reuse' ? 'high' : 'medium',
    taken_before: null,
    evidence: row.evidence,
    change,
    check: compare({ principal: row.principal_arn, key: row.key_arn }),
    query: run('service-levers', { account: row.account_id, region: row.region }),
    lost: `${row.saved_calls} KMS events vanish from the audit log; unobservable: ${row.unobservable}`,
  };
}

export function idleKeyFinding(row: KeyCostRow): Candidate {
  const usd = (row.charge_usd_monthly ?? 0) + (row.rotation_surcharge_usd_monthly ?? 0);
  return {
    finding: 'idle_key',
    lever_class: 'configuration',
    title: 'Key is paid for and was not used',
    account_id: row.key_account_id,
    region: row.region,
    resource: row.key_arn,
    principal_arn: null,
    key_arn: row.key_arn,
    calls: row.uses,
    saved_calls: 0,
    saved_calls_high: 0,
    saving_usd: 0,
    saving_usd_monthly: usd,
    one_time_cost_usd: 0,
    calls_per_second_peak: null,
    calls_per_second_peak_after: null,
    confidence: 'low',
    taken_before: null,
    evidence: `last use ${row.last_use_at ?? 'none in the log'}; ${row.covered_hours_idle_window} hours of the idle window are covered; kind ${row.kind} (${row.kind_basis})`,
    change: `ask the owner, then disable it and watch for denials before anything else: aws kms disable-key --region ${shellQuoted(row.region)} --key-id ${shellQuoted(row.key_arn)}`,
    check: run('key-cost', { account: row.key_account_id, region: row.region }),
    query: run('key-cost', { account: row.key_account_id, region: row.region }),
    lost: 'a deleted key takes with it whatever it encrypted, backups included; caches and bucket keys hide use',
  };
}

/** `usd_taken`: what other findings already save of these copies. */
export function trailCopiesFinding(row: CloudTrailCostRow, usd_taken: number): Candidate {
  const usd = Math.max(0, row.cost_copies_usd - usd_taken);
  const scale =
    row.cost_copies_usd > 0 && row.cost_copies_usd_monthly !== null
      ? row.cost_copies_usd_monthly / row.cost_copies_usd
      : null;
  return {
    finding: 'trail_copies',
    lever_class: 'architecture',
    title: 'KMS events are billed again by additional trails',
    account_id: row.account_id,
    region: row.region,
    resource: `${row.copies_per_event.toFixed(2)} copies of each KMS event`,
    principal_arn: null,
    key_arn: null,
    calls: row.kms_events,
    saved_calls: 0,
    saved_calls_high: 0,
    saving_usd: usd,
    saving_usd_monthly: scale === null ? null : usd * scale,
    one_time_cost_usd: 0,
    calls_per_second_peak: null,
    calls_per_second_peak_after: null,
    confidence: 'medium',
    taken_before:
      usd_taken > 0 ? `$${usd_taken.toFixed(6)} by findings that spare the calls` : null,
    evidence: `${row.additional_copies} KMS records were read again, for ${row.kms_events} distinct events`,
    change:
      'keep KMS on one organisation trail; on the others: aws cloudtrail put-event-selectors --trail-name <trail> --event-selectors \'[{"ReadWriteType":"All","IncludeManagementEvents":true,"ExcludeManagementEventSources":["kms.amazonaws.com"]}]\'',
    check: run('cloudtrail-cost', { account: row.account_id, region: row.region }),
    query: run('cloudtrail-cost', { account: row.account_id, region: row.region }),
    lost: row.if_excluded,
  };
}
