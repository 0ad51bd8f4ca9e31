import { beforeAll, describe, expect, it } from 'vitest';
import { hostileStrings } from '../../demo/situations/hostile-strings.ts';
import type { SituationTruths } from '../../demo/truth.ts';
import {
  byPrincipal,
  bySecond,
  contextOf,
  failed,
  keyOf,
  loadDemo,
  onKey,
  times,
} from '../support/demo-trail.ts';
import { callerAccount, countBy, principalOf } from '../support/trail-counts.ts';
import type { RawRecord } from '../support/trail-reader.ts';

let truth: SituationTruths;
let records: RawRecord[];
let calls: RawRecord[];

beforeAll(async () => {
  ({ truth, records, calls } = await loadDemo());
});

describe('key and policy situations', () => {
  it('idle_key: two days of use', () => {
    const t = truth.idle_key;
    expect(onKey(calls, t.key_arn)).toHaveLength(t.calls);
    expect(times(onKey(calls, t.key_arn)).at(-1)).toBe(t.last_used_at);
    expect(t.idle_whole_days).toBe(28);
  });

  it('deletion_while_in_use: successes before, failures after', () => {
    const t = truth.deletion_while_in_use;
    const own = onKey(calls, t.key_arn);
    const uses = own.filter((r) => r.eventName === 'GenerateMac');
    expect(uses.filter((r) => !r.errorCode)).toHaveLength(t.calls_before);
    expect(uses.filter(failed(t.error_code))).toHaveLength(t.failures_after);
    expect(uses.filter((r) => r.eventTime < t.scheduled_at !== !r.errorCode)).toEqual([]);
    expect(new Set(uses.map(principalOf))).toEqual(new Set(t.users));
    const schedule = own.filter((r) => r.eventName === 'ScheduleKeyDeletion');
    expect(times(schedule)).toEqual([t.scheduled_at]);
    expect(schedule[0]?.requestParameters?.pendingWindowInDays).toBe(t.pending_window_days);
  });

  it('alias_swap: the alias means another key from one second to the next', () => {
    const t = truth.alias_swap;
    const said = calls.filter((r) => r.requestParameters?.keyId === t.alias);
    const before = said.filter((r) => r.eventTime < t.moved_at);
    const later = said.filter((r) => r.eventTime >= t.moved_at);
    expect([before.length, later.length]).toEqual([t.calls_before, t.calls_after]);
    const keys = (rs: RawRecord[]) => new Set(rs.filter((r) => !r.errorCode).map(keyOf));
    expect(keys(before)).toEqual(new Set([t.key_before_arn]));
    expect(keys(later)).toEqual(new Set([t.key_after_arn]));
    const blind = (rs: RawRecord[]) => rs.filter((r) => r.errorCode && !r.resources).length;
    expect([blind(before), blind(later)]).toEqual([
      t.refused_by_alias_before,
      t.refused_by_alias_after,
    ]);
    const moves = calls.filter((r) => r.requestParameters?.aliasName === t.alias);
    expect(times(moves)).toEqual([t.created_at, t.moved_at]);
  });

  it('replica_in_unused_region, foreign_key, foreign_grants, open_policies', () => {
    const replica = truth.replica_in_unused_region;
    expect(times(onKey(calls, replica.key_arn))).toEqual([replica.at]);
    expect(records.filter((r) => r.awsRegion === replica.replica_region)).toEqual([]);

    const key = truth.foreign_key;
    const writes = onKey(calls, key.key_arn);
    expect(writes).toHaveLength(key.objects);
    for (const r of writes) {
      expect(r.resources?.[0]?.accountId).toBe(key.key_account_id);
      expect(contextOf(r)['aws:s3:arn']).toContain(`:::${key.bucket}/`);
      expect(r.recipientAccountId).toBe(key.account_id);
    }

    const grants = truth.foreign_grants;
    const own = onKey(calls, grants.key_arn);
    const given = own.filter((r) => r.eventName === 'CreateGrant');
    expect(times(given)).toEqual(grants.granted_at);
    for (const r of given) expect(r.requestParameters?.granteePrincipal).toBe(grants.grantee);
    const uses = own.filter((r) => r.eventName === 'Decrypt');
    expect(uses.map(callerAccount)).toEqual(
      Array(grants.uses_by_foreign_account).fill(grants.grantee_account_id),
    );

    for (const change of truth.open_policies.changes) {
      const puts = onKey(calls, change.key_arn);
      expect(times(puts)).toEqual([change.at]);
      const request = puts[0]?.requestParameters ?? {};
      expect(request.bypassPolicyLockoutSafetyCheck).toBe(change.bypass);
      const policy = JSON.stringify(JSON.parse(request.policy));
      expect(policy.includes('{"AWS":"*"}')).toBe(change.verdict === 'public');
      expect(policy.includes('999988887777')).toBe(change.verdict === 'foreign_account');
    }
  });
});

describe('attack situations', () => {
  it('ransomware: the steps in order', () => {
    const t = truth.ransomware;
    const own = onKey(calls, t.key_arn).sort((a, b) => (a.eventTime < b.eventTime ? -1 : 1));
    const at = (name: string) => times(own.filter((r) => r.eventName === name));
    expect(at('CreateKey')).toEqual([t.created_at]);
    expect(at('GetParametersForImport')).toEqual([t.parameters_at]);
    expect(at('ImportKeyMaterial')).toEqual([t.imported_at]);
    expect(at('GenerateDataKey')).toHaveLength(t.writes);
    expect(at('GenerateDataKey')[0]).toBe(t.writes_from);
    expect(at('DeleteImportedKeyMaterial')).toEqual([t.material_deleted_at]);
    expect(new Set(own.map(principalOf))).toEqual(new Set([t.principal_arn]));
  });

  it('mass_decrypt: every Decrypt has its GetObject with the true address', () => {
    const t = truth.mass_decrypt;
    const own = byPrincipal(calls, t.principal_arn);
    expect(own).toHaveLength(t.decrypts);
    expect(new Set(own.map((r) => contextOf(r)['aws:s3:arn'])).size).toBe(t.distinct_objects);
    expect(Object.keys(bySecond(own))).toHaveLength(t.seconds);
    expect(Math.max(...Object.values(bySecond(own)))).toBe(t.calls_per_second_peak);
    const gets = records.filter(
      (r) => r.eventName === 'GetObject' && r.requestParameters?.bucketName === t.bucket,
    );
    const sought = (r: RawRecord, object: string) => `${principalOf(r)} ${r.eventTime} ${object}`;
    const origins = new Set(gets.map((r) => sought(r, r.resources?.[0]?.ARN ?? '')));
    expect(gets).toHaveLength(t.get_object_records);
    expect(new Set(gets.map((r) => r.sourceIPAddress))).toEqual(new Set([t.true_source_ip]));
    for (const r of own) {
      expect(origins.has(sought(r, contextOf(r)['aws:s3:arn'] ?? ''))).toBe(true);
      expect(r.sourceIPAddress).toBe('fas.s3.amazonaws.com');
    }
  });

  it('direct_secret_decrypt, root_use, recon, denied_spray', () => {
    const secret = truth.direct_secret_decrypt;
    const direct = calls.filter((r) => contextOf(r).SecretARN === secret.secret_arn);
    expect(direct).toHaveLength(secret.calls);
    for (const r of direct) expect(r.userIdentity.invokedBy).toBeUndefined();

    const root = calls.filter((r) => r.userIdentity.type === 'Root');
    expect(root).toHaveLength(truth.root_use.calls);

    const recon = byPrincipal(calls, truth.recon.principal_arn);
    expect(recon).toHaveLength(truth.recon.calls);
    expect(recon.filter(failed('AccessDenied'))).toHaveLength(truth.recon.denied_calls);

    const spray = byPrincipal(calls, truth.denied_spray.principal_arn);
    expect(spray).toHaveLength(truth.denied_spray.denied_calls);
    expect(countBy(spray, (r) => r.errorCode ?? '')).toEqual({
      AccessDenied: 20,
      AccessDeniedException: 20,
    });
    expect(new Set(spray.map((r) => r.requestParameters?.keyId)).size).toBe(
      truth.denied_spray.keys_tried,
    );
  });

  it('blinded_trail: the two calls that blind it', () => {
    const t = truth.blinded_trail;
    const trail = records.filter((r) => r.eventSource === 'cloudtrail.amazonaws.com');
    expect(trail.map((r) => [r.eventName, r.eventTime])).toEqual(
      expect.arrayContaining([
        ['PutEventSelectors', t.kms_excluded_at],
        ['StopLogging', t.stopped_at],
      ]),
    );
    expect(trail).toHaveLength(2);
    const excluded = trail.find((r) => r.eventName === 'PutEventSelectors')?.requestParameters;
    expect(JSON.stringify(excluded)).toContain(
      '"excludeManagementEventSources":["kms.amazonaws.com"]',
    );
  });

  it('hostile_strings: each string survives JSON in every field an attacker writes', () => {
    const t = truth.hostile_strings;
    const own = byPrincipal(calls, t.principal_arn);
    expect(own).toHaveLength(t.events);
    expect(t.strings).toEqual(hostileStrings);
    for (const text of hostileStrings) {
      const mine = own.filter((r) => r.userAgent === text);
      expect(mine).toHaveLength(2);
      for (const r of mine) {
        expect(r.userIdentity.arn.endsWith(`/public-upload/${text}`)).toBe(true);
        expect(contextOf(r)).toEqual({ note: text, [text]: 'key' });
      }
      expect(mine.filter((r) => r.errorMessage === text)).toHaveLength(1);
    }
  });
});
