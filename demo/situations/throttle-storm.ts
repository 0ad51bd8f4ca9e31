import { type Caller, roleSession } from '../callers.ts';
import { decrypt, throttled, withoutResources } from '../kms-calls.ts';
import { accounts, isoSecond, keyOf } from '../organisation.ts';
import type { Plan } from '../plan.ts';
import { objectArn, viaS3 } from '../s3-calls.ts';

const account = accounts.prod;
const region = 'us-east-1';
const quota = 200;
const seconds = 12;
const bucket = 'acme-search-documents';

/** Accepted and refused calls of one principal in each second of the storm. */
interface Share {
  caller: Caller;
  accepted: number;
  refused: number;
}

/**
 * A re-index takes 176 of 200 calls in every second. Five services get through in part, three not at
 * all. Each call reads another object, so that nothing is a retry of anything.
 */
export function plantThrottleStorm(plan: Plan) {
  const from = plan.at(12, '15:20:05');
  plan.reserve(account, region, from - 65, from + 120);
  const key = keyOf(account, region, 'search-documents');
  const culprit = roleSession(account, 'search-reindex', 'reindex-2026-10');
  const service = (name: string) => roleSession(account, name, `${name}-1`);
  const shares: Share[] = [
    { caller: culprit, accepted: 176, refused: 30 },
    ...['cart-api', 'quote-api', 'claims-api', 'mail-api', 'print-api'].map((name, i) => ({
      caller: service(name),
      accepted: i < 4 ? 5 : 4,
      refused: 3,
    })),
    ...['login-api', 'refund-api', 'status-page'].map((name) => ({
      caller: service(name),
      accepted: 0,
      refused: 5,
    })),
  ];
  let object = 0;
  const read = (at: number, caller: Caller, refused: boolean): void => {
    object += 1;
    const context = { 'aws:s3:arn': objectArn(bucket, `docs/${object}.json`) };
    const call = decrypt(key, context);
    if (refused) plan.kms(withoutResources(call), { at, caller, via: viaS3, error: throttled });
    else plan.kms(call, { at, caller, via: viaS3 });
  };
  for (let second = 0; second < seconds; second += 1) {
    for (const share of shares) {
      for (let i = 0; i < share.accepted; i += 1) read(from + second, share.caller, false);
      for (let i = 0; i < share.refused; i += 1) read(from + second, share.caller, true);
    }
  }
  const accepted = shares.reduce((sum, s) => sum + s.accepted, 0);
  const refused = shares.reduce((sum, s) => sum + s.refused, 0);
  return {
    account_id: account,
    region,
    quota_id: 'crypto_symmetric',
    quota_calls_per_second: quota,
    bucket,
    started_at: isoSecond(from),
    last_at: isoSecond(from + seconds - 1),
    seconds,
    accepted_calls_per_second: accepted,
    throttled_calls_per_second: refused,
    offered_calls: (accepted + refused) * seconds,
    throttled_calls: refused * seconds,
    error_share: refused / (accepted + refused),
    culprit_principal_arn: culprit.principalArn,
    culprit_accepted_calls: 176 * seconds,
    culprit_accepted_share: 176 / accepted,
    /** Everybody who was refused, with what got through. */
    principals: shares.map((s) => ({
      principal_arn: s.caller.principalArn,
      accepted_calls: s.accepted * seconds,
      throttled_calls: s.refused * seconds,
    })),
    only_victims: shares.filter((s) => s.accepted === 0).map((s) => s.caller.principalArn),
  };
}
