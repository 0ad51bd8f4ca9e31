import { plural } from '../../core/words.ts';
import { savedCalls } from './bucket-key-savings.ts';
import { bandSettings, type BucketOutcome } from './bucket-replays.ts';
import {
  callShare,
  compareCommand,
  runCommand,
  sharesSum,
  type Candidate,
  type CandidateShare,
} from './finding.ts';
import { bucketKeyCommand } from './lever-facts.ts';
import type { BucketKeySetting } from './read-replay.ts';
import { rewriteCost } from './rewrite-cost.ts';

/** The pessimistic reading: the shortest reuse time of the band, one key for each session. */
export const headlineSetting: BucketKeySetting = { window_seconds: 60, requester: 'session' };

/** Settings of the replay that findings rest on: the headline first, then the rest of the band. */
export const findingSettings: readonly BucketKeySetting[] = [
  headlineSetting,
  ...bandSettings.filter(
    (setting) =>
      setting.window_seconds !== headlineSetting.window_seconds ||
      setting.requester !== headlineSetting.requester,
  ),
];

const parameters = `T = ${headlineSetting.window_seconds} s, one bucket key per ${headlineSetting.requester}`;

/**
 * A bucket's replay as findings: the switch, and what a rewrite of older objects adds to it. The
 * replay's first setting is the headline.
 */
export function bucketFindings(outcome: BucketOutcome, usd_per_call: number): Candidate[] {
  const { s3_bucket, key_arn, region, scope, before } = outcome;
  const chosen = outcome.after[0]?.after;
  if (!chosen) return [];
  const isLog = scope === 'log_delivery';
  const rewrite_usd = rewriteCost(before.objects_older, usd_per_call);
  const dayOne: CandidateShare[] = [];
  const older: CandidateShare[] = [];
  for (const share of outcome.shares) {
    const saved = share.after.map((after) => savedCalls(share.before, after));
    const band = (pick: (one: (typeof saved)[number]) => number) => saved.map(pick);
    const onDayOne = band((one) => one.day_one);
    const pessimistic = band((one) => one.rewritten_low - one.day_one);
    const { writes, reads_written, reads_older, objects_older } = share.before;
    dayOne.push(
      callShare(share.account_id, writes + reads_written, {
        low: Math.min(...onDayOne),
        expected: onDayOne[0]!,
        high: Math.max(...onDayOne),
      }),
    );
    older.push(
      callShare(
        share.account_id,
        reads_older,
        {
          low: Math.min(...pessimistic),
          expected: pessimistic[0]!,
          high: Math.max(...pessimistic),
        },
        before.objects_older > 0 ? (rewrite_usd * objects_older) / before.objects_older : 0,
      ),
    );
  }
  const common = {
    region,
    resource: s3_bucket,
    principal_arn: null,
    key_arn,
    parameters,
    query: `${runCommand('bucket-key-savings', { bucket: s3_bucket, region })} --band true`,
    check: compareCommand({ bucket: s3_bucket }),
  };
  const savedDayOne = sharesSum(dayOne, (share) => share.saved_calls);
  const savedOlder = sharesSum(older, (share) => share.saved_calls);
  const left = chosen.writes + chosen.reads_written;
  return [
    {
      ...common,
      finding: isLog ? 'log_bucket_key' : 'bucket_key_off',
      lever_class: 'configuration',
      title: isLog
        ? 'CloudTrail log bucket has no bucket key'
        : 'Bucket encrypts each object with a KMS call of its own',
      shares: dayOne,
      calls_per_second_peak: before.peak,
      calls_per_second_peak_after: chosen.peak_day_one,
      confidence: savedDayOne > 0 && !isLog ? 'high' : 'medium',
      confidence_reason: isLog
        ? 'AWS does not say whether a bucket key serves the delivery of logs'
        : savedDayOne > 0
          ? 'it saves at the pessimistic end: AWS publishes neither the reuse time nor the requester'
          : 'it saves only if S3 reuses a bucket key for longer, or for all sessions of a role',
      taken_before: null,
      evidence: `${plural(before.writes, 'write')} and ${plural(before.reads_written, 'read')} of what they wrote; ${plural(left, 'call')} left at ${parameters}`,
      change: bucketKeyCommand(s3_bucket, key_arn),
      lost: `up to ${plural(savedDayOne, 'KMS event')} that ${savedDayOne === 1 ? 'names' : 'name'} an object: the rest name only the bucket. Policies that test the object in the encryption context stop matching.`,
    },
    {
      ...common,
      finding: 'bucket_objects_older',
      lever_class: 'architecture',
      title: 'Older objects of the bucket keep data keys of their own',
      shares: older,
      calls_per_second_peak: chosen.peak_day_one,
      calls_per_second_peak_after: chosen.peak_after_rewrite,
      confidence: savedOlder > 0 ? 'medium' : 'low',
      confidence_reason:
        savedOlder > 0
          ? 'which objects would share a bucket key is not in the log; each is taken to keep its own'
          : 'it saves only if objects that are rewritten together share a bucket key',
      taken_before: 'bucket key on (configuration)',
      evidence: `${plural(before.reads_older, 'read')} of ${plural(before.objects_older, 'object')} older than the log; ${plural(chosen.reads_older_high, 'call')} left if each object still costs one for each reader and window`,
      change: `rewrite the hot objects in place with S3 Batch Operations: ${runCommand('bucket-rewrite-curve', { bucket: s3_bucket })} shows where it stops paying`,
      lost: `up to ${plural(savedOlder, 'KMS event')} that ${savedOlder === 1 ? 'names' : 'name'} an object: the rest name only the bucket.`,
    },
  ];
}
