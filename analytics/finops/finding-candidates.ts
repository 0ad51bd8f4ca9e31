import { plural } from '../../core/words.ts';
import type { CloudTrailCostRow } from './cloudtrail-cost.ts';
import type { CacheSavingRow } from './data-key-cache-savings.ts';
import {
  callShare,
  compareCommand,
  runCommand,
  type Candidate,
  type CandidateShare,
} from './finding.ts';
import type { KeyCostRow } from './key-cost.ts';
import { keyCharges } from './key-kinds.ts';
import { leverFacts, shellQuoted } from './lever-facts.ts';
import type { ServiceLeverRow } from './service-levers.ts';

export function cacheFinding(row: CacheSavingRow): Candidate {
  const known = row.scope === 'encryption_sdk';
  const parameters = `maxAge ${row.max_age_seconds} s, ${plural(row.max_messages, 'message')} a data key`;
  const isSmaller =
    row.knee_saved_calls !== null &&
    (row.knee_max_age_seconds! < row.max_age_seconds || row.knee_max_messages! < row.max_messages);
  const smaller = isSmaller
    ? `; maxAge ${row.knee_max_age_seconds} s and ${plural(row.knee_max_messages!, 'message')} a data key would still save ${row.knee_saved_calls}`
    : '';
  const calls = row.generate_calls + row.decrypt_calls;
  return {
    finding: known ? 'data_key_cache' : 'data_key_cache_candidate',
    lever_class: 'client_caching',
    title: known
      ? 'Encryption SDK asks KMS for a data key with each message'
      : 'Application asks KMS for data keys directly, with one context again and again',
    region: row.region,
    resource: row.key_arn,
    principal_arn: row.principal_arn,
    key_arn: row.key_arn,
    parameters,
    shares: [
      callShare(row.account_id, calls, {
        low: row.saved_calls,
        expected: row.saved_calls,
        high: calls - (row.calls_after_low ?? row.calls_after),
      }),
    ],
    calls_per_second_peak: row.calls_per_second_peak,
    calls_per_second_peak_after: row.calls_per_second_peak_after,
    confidence: known ? 'medium' : 'low',
    confidence_reason: known
      ? 'a process is not logged: session, address and user agent stand for it'
      : 'whether the application may reuse a data key is for its owner to say',
    taken_before: null,
    evidence: `${plural(row.generate_calls, 'GenerateDataKey call')} and ${plural(row.decrypt_calls, 'Decrypt call')}; ${row.calls_after} left at ${parameters}${smaller}`,
    change: known
      ? `wrap the keyring in a caching materials manager: maxAge ${row.max_age_seconds} s, maxMessagesEncrypted ${row.max_messages}; where the library has none, use the hierarchical keyring`
      : `ask the owner whether each call must have its own data key; if not, cache it (Encryption SDK caching CMM or hierarchical keyring) for ${row.max_age_seconds} s and ${plural(row.max_messages, 'message')}`,
    check: compareCommand({ principal: row.principal_arn, key: row.key_arn }),
    query: `${runCommand('data-key-cache-savings', { principal: row.principal_arn, key: row.key_arn })} --grid true`,
    lost: row.trade_off,
  };
}

export function serviceFinding(row: ServiceLeverRow): Candidate {
  const { title, change } = leverFacts(row.lever, row.resource, row.target_seconds);
  const isSetting = row.lever === 'sqs_reuse';
  const isColdStart = row.lever === 'lambda_cold_starts';
  return {
    finding: row.lever,
    lever_class: isColdStart ? 'architecture' : isSetting ? 'configuration' : 'client_caching',
    title,
    region: row.region,
    resource: row.resource,
    principal_arn: row.principal_arn,
    key_arn: row.key_arn,
    parameters: `reuse time ${row.target_seconds} s`,
    shares: [
      callShare(row.account_id, row.calls, {
        low: row.saved_calls,
        expected: row.saved_calls,
        high: row.calls - row.calls_after_low,
      }),
    ],
    calls_per_second_peak: row.calls_per_second_peak,
    calls_per_second_peak_after: row.calls_per_second_peak_after,
    confidence: row.saved_calls === 0 ? 'low' : isSetting ? 'high' : 'medium',
    confidence_reason: isColdStart
      ? 'a cold start cannot be cached; why the environment started is not in the log'
      : row.saved_calls === 0
        ? 'it saves only if the sessions of the principal share a cache'
        : isSetting
          ? 'SQS documents the reuse period, and the log shows the calls of each client'
          : 'session and address stand for a client; several processes behind one would save less',
    taken_before: null,
    evidence: row.evidence,
    change,
    check: compareCommand({ principal: row.principal_arn, key: row.key_arn }),
    query: runCommand('service-levers', { account: row.account_id, region: row.region }),
    lost: `${plural(row.saved_calls, 'KMS event')} fewer in the audit log; not observable: ${row.unobservable}`,
  };
}

const noCalls = (account_id: string, calls: number): CandidateShare =>
  callShare(account_id, calls, { low: 0, expected: 0, high: 0 });

export function idleKeyFinding(row: KeyCostRow): Candidate {
  const { low, high } = keyCharges(row);
  return {
    finding: 'idle_key',
    lever_class: 'configuration',
    title: 'Key is paid for and was not used',
    region: row.region,
    resource: row.key_arn,
    principal_arn: null,
    key_arn: row.key_arn,
    parameters: `no use in ${row.covered_hours_idle_window} covered hours`,
    shares: [
      {
        ...noCalls(row.key_account_id, 0),
        keys_usd_monthly: low,
        keys_high_usd_monthly: high,
      },
    ],
    calls_per_second_peak: null,
    calls_per_second_peak_after: null,
    confidence: 'low',
    confidence_reason:
      'caches, bucket keys and services hide use: only the owner knows whether it is needed',
    taken_before: null,
    evidence: `last use ${row.last_use_at ?? 'none in the log'}; ${plural(row.covered_hours_idle_window, 'hour')} of the idle window ${row.covered_hours_idle_window === 1 ? 'is' : 'are'} covered; kind ${row.kind} (${row.kind_basis})`,
    change: `ask the owner, then disable it and watch for denials before anything else: aws kms disable-key --region ${shellQuoted(row.region)} --key-id ${shellQuoted(row.key_arn)}`,
    check: runCommand('key-cost', { account: row.key_account_id, region: row.region }),
    query: runCommand('key-cost', { account: row.key_account_id, region: row.region }),
    lost: 'a deleted key takes with it whatever it encrypted, backups included',
  };
}

export function trailCopiesFinding(row: CloudTrailCostRow, spares: boolean): Candidate {
  return {
    finding: 'trail_copies',
    lever_class: 'architecture',
    title: 'KMS events are billed again by additional trails',
    region: row.region,
    resource: `${row.copies_per_event.toFixed(2)} copies of each KMS event`,
    principal_arn: null,
    key_arn: null,
    parameters: 'KMS on one trail',
    shares: [{ ...noCalls(row.account_id, 0), ends_copies: true }],
    calls_per_second_peak: null,
    calls_per_second_peak_after: null,
    confidence: 'medium',
    confidence_reason: 'a file that was copied by hand looks like the file of a further trail',
    taken_before: spares ? 'copies of the calls that other findings spare' : null,
    evidence: `${plural(row.additional_copies, 'KMS record')} ${row.additional_copies === 1 ? 'was' : 'were'} read again, for ${plural(row.kms_events, 'distinct event')}`,
    change:
      'keep KMS on one organisation trail; on the others: aws cloudtrail put-event-selectors --trail-name <trail> --event-selectors \'[{"ReadWriteType":"All","IncludeManagementEvents":true,"ExcludeManagementEventSources":["kms.amazonaws.com"]}]\'',
    check: runCommand('cloudtrail-cost', { account: row.account_id, region: row.region }),
    query: runCommand('cloudtrail-cost', { account: row.account_id, region: row.region }),
    lost: row.if_excluded,
  };
}
