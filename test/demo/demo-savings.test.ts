import { beforeAll, describe, expect, it } from 'vitest';
import type { SituationTruths } from '../../demo/truth.ts';
import { byPrincipal, contextOf, loadDemo, onKey, sessionOf } from '../support/demo-trail.ts';
import { replayBucketKeys, replayCache, secondOf, windowsOpened } from '../support/replay.ts';
import { countBy, principalOf } from '../support/trail-counts.ts';
import type { RawRecord } from '../support/trail-reader.ts';

let truth: SituationTruths;
let records: RawRecord[];
let calls: RawRecord[];

beforeAll(async () => {
  ({ truth, records, calls } = await loadDemo());
});

describe('savings situations', () => {
  const toEvent = (requester: (r: RawRecord) => string) => (r: RawRecord) => ({
    at: secondOf(r),
    object: contextOf(r)['aws:s3:arn'] ?? '',
    requester: requester(r),
  });

  it('bucket_without_bucket_keys: what a plain replay leaves for each window', () => {
    const t = truth.bucket_without_bucket_keys;
    const own = onKey(calls, t.key_arn);
    const writes = own.filter((r) => r.eventName === 'GenerateDataKey');
    const reads = own.filter((r) => r.eventName === 'Decrypt');
    expect(own).toHaveLength(t.calls_before);
    expect(writes).toHaveLength(t.writes_before);
    for (const window of [60, 300, 900, 3600] as const) {
      const replay = (who: (r: RawRecord) => string) =>
        replayBucketKeys(writes.map(toEvent(who)), reads.map(toEvent(who)), window);
      const byRole = replay(principalOf);
      expect(byRole).toEqual({
        writes: t.writes_after_by_role[window],
        readsOfWritten: t.reads_of_written_after_by_role[window],
        readsOfOlderPessimistic: t.reads_of_older_after_pessimistic[window],
        readsOfOlderOptimistic: t.reads_of_older_after_optimistic[window],
        older: t.reads_of_older_before,
      });
      const bySession = replay(sessionOf);
      expect(bySession.writes).toBe(t.writes_after_by_session[window]);
      expect(bySession.readsOfWritten).toBe(t.reads_of_written_after_by_session[window]);
    }
    // By hand, for a day: 720 writes, 30 in five minutes.
    expect(t.writes_after_by_role[300]).toBe(3 * 24);
    expect(t.writes_after_by_session[300]).toBe(3 * 48);
    const hot = reads.filter((r) => contextOf(r)['aws:s3:arn']?.endsWith(t.hot_object));
    expect(hot).toHaveLength(t.hot_object_reads);
    const origins = records.filter((r) => r.requestParameters?.bucketName === t.bucket);
    expect(origins).toHaveLength(3 * (720 / 4) + 3 * 60);
  });

  it('bucket_with_bucket_keys and mixed_bucket: contexts of bucket and of object', () => {
    const on = truth.bucket_with_bucket_keys;
    const own = onKey(calls, on.key_arn);
    expect(countBy(own, (r) => r.eventName)).toEqual({
      GenerateDataKey: on.writes,
      Decrypt: on.reads,
    });
    expect(new Set(own.map((r) => contextOf(r)['aws:s3:arn']))).toEqual(
      new Set([`arn:aws:s3:::${on.bucket}`]),
    );
    const t = truth.mixed_bucket;
    const arnOf = (r: RawRecord) => contextOf(r)['aws:s3:arn'] ?? '';
    const inBucket = calls.filter((r) => arnOf(r).startsWith(`arn:aws:s3:::${t.bucket}`));
    const whole = inBucket.filter((r) => arnOf(r) === `arn:aws:s3:::${t.bucket}`);
    const objects = inBucket.filter((r) => arnOf(r) !== `arn:aws:s3:::${t.bucket}`);
    expect(whole).toHaveLength(t.bucket_key_writes);
    expect(objects).toHaveLength(t.object_reads);
    expect(new Set(objects.map(arnOf)).size).toBe(t.objects_read);
    for (const window of [60, 300, 900, 3600] as const) {
      const replay = replayBucketKeys([], objects.map(toEvent(principalOf)), window);
      expect(replay.readsOfOlderPessimistic).toBe(t.reads_after_pessimistic[window]);
      expect(replay.readsOfOlderOptimistic).toBe(t.reads_after_optimistic[window]);
    }
  });

  it('session_fan_out: far less saved by session than by role', () => {
    const t = truth.session_fan_out;
    const writes = onKey(calls, t.key_arn);
    expect(writes).toHaveLength(t.writes_before);
    expect(new Set(writes.map(sessionOf)).size).toBe(t.sessions);
    for (const window of [60, 300, 900, 3600] as const) {
      const left = (who: (r: RawRecord) => string) =>
        replayBucketKeys(writes.map(toEvent(who)), [], window).writes;
      expect(left(principalOf)).toBe(t.writes_after_by_role[window]);
      expect(left(sessionOf)).toBe(t.writes_after_by_session[window]);
    }
    expect(t.writes_after_by_role).toEqual({ 60: 8, 300: 2, 900: 1, 3600: 1 });
    expect(t.writes_after_by_session).toEqual({ 60: 240, 300: 80, 900: 40, 3600: 40 });
  });

  it('encryption_sdk: what a cache would have left', () => {
    const t = truth.encryption_sdk;
    const encrypt = byPrincipal(calls, t.principal_arn);
    const decrypt = byPrincipal(calls, t.reader_principal_arn);
    expect(encrypt).toHaveLength(t.encrypt_calls_before);
    expect(decrypt).toHaveLength(t.decrypt_calls_before);
    const publicKey = (r: RawRecord) => contextOf(r)['aws-crypto-public-key'] ?? '';
    expect(new Set(encrypt.map(publicKey)).size).toBe(t.encrypt_calls_before);
    const stripped = encrypt.map((r) => {
      const { 'aws-crypto-public-key': _, ...rest } = contextOf(r);
      return JSON.stringify(rest);
    });
    expect(new Set(stripped)).toEqual(new Set([JSON.stringify(t.context)]));
    const instants = encrypt.map(secondOf);
    for (const age of [60, 300, 3600] as const) {
      expect(replayCache(instants, age)).toBe(t.encrypt_calls_after[age]);
      expect(replayCache(instants, age, 100)).toBe(t.encrypt_calls_after_100_messages[age]);
    }
    const messages = Object.values(
      decrypt.reduce<Record<string, number[]>>((all, r) => {
        (all[publicKey(r)] ??= []).push(secondOf(r));
        return all;
      }, {}),
    );
    for (const age of [60, 300] as const) {
      const left = messages.reduce((sum, instantsOf) => sum + replayCache(instantsOf, age), 0);
      expect(left).toBe(t.decrypt_calls_after[age]);
    }
  });

  it('service levers: calls before, and after by their own rule', () => {
    const ddb = truth.dynamodb_thrash;
    const table = onKey(calls, ddb.key_arn);
    expect(table).toHaveLength(ddb.calls_before);
    const at = (r: RawRecord) => ({ at: secondOf(r) });
    expect(windowsOpened(table.map(at), () => '', 300)).toBe(ddb.calls_after);

    const sqs = truth.sqs_reuse;
    const queue = calls.filter((r) => contextOf(r)['aws:sqs:arn'] === sqs.queue_arn);
    expect(queue).toHaveLength(sqs.calls_before);
    const kindOf = (r: RawRecord) => `${principalOf(r)} ${r.eventName}`;
    const kinds = queue.map((r) => ({ at: secondOf(r), kind: kindOf(r) }));
    expect(windowsOpened(kinds, (k) => k.kind, sqs.reuse_period_seconds)).toBe(sqs.calls_before);
    expect(windowsOpened(kinds, (k) => k.kind, 3600)).toBe(sqs.calls_after_3600);
    expect(sqs.saved_share_3600).toBeCloseTo(11 / 12, 12);

    const secret = truth.secret_reader;
    const reads = calls.filter((r) => contextOf(r).SecretARN === secret.secret_arn);
    expect(reads).toHaveLength(secret.calls_before);
    const asked = records.filter((r) => r.requestParameters?.secretId === secret.secret_arn);
    expect(asked).toHaveLength(secret.get_secret_value_records);

    const parameter = truth.parameter_reader;
    const values = calls.filter((r) => contextOf(r).PARAMETER_ARN === parameter.parameter_arn);
    expect(values).toHaveLength(parameter.calls_before);
    for (const ttl of [300, 3600] as const) {
      expect(replayCache(reads.map(secondOf), ttl)).toBe(secret.calls_after[ttl]);
      expect(windowsOpened(reads.map(at), () => '', ttl)).toBe(secret.calls_after[ttl]);
      expect(replayCache(values.map(secondOf), ttl)).toBe(parameter.calls_after[ttl]);
      expect(windowsOpened(values.map(at), () => '', ttl)).toBe(parameter.calls_after[ttl]);
    }
    const branch = truth.short_branch_key_cache;
    const fetches = calls.filter((r) => contextOf(r)['branch-key-id'] === branch.branch_key_id);
    expect(fetches).toHaveLength(branch.calls_before);
    for (const ttl of [900, 3600] as const) {
      expect(replayCache(fetches.map(secondOf), ttl)).toBe(branch.calls_after[ttl]);
      expect(windowsOpened(fetches.map(at), () => '', ttl)).toBe(branch.calls_after[ttl]);
    }

    const lambda = truth.lambda_cold_starts;
    const starts = calls.filter(
      (r) => contextOf(r)['aws:lambda:FunctionArn'] === lambda.function_arn,
    );
    expect(starts).toHaveLength(lambda.cold_starts);
    for (const r of starts) expect(r.userIdentity.invokedBy).toBeUndefined();
  });
});
