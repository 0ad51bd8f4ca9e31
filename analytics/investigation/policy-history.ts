import { defaultKeyPolicy, parseKeyPolicy, type KeyPolicy } from './key-policy.ts';
import { policyDifference } from './policy-difference.ts';
import { policyFindings, type PolicyFinding } from './policy-verdict.ts';

/** One row of policy-changes.sql. */
export interface PolicyCall {
  changed_at: string;
  event_id: string;
  operation: string;
  outcome: string;
  error_code: string | null;
  principal_arn: string;
  account_id: string | null;
  region: string | null;
  key: string | null;
  policy: string | null;
  bypass: boolean;
  parameters_missing: boolean;
  caller_source: string | null;
  user_agent: string | null;
}

export interface JudgedPolicyCall {
  call: PolicyCall;
  /** Most serious first: public, foreign_account, lockout_bypass, root_removed, no_root_access. */
  verdicts: string[];
  details: string[];
  findings: PolicyFinding[];
  difference: string[];
}

const order = ['public', 'foreign_account', 'lockout_bypass', 'root_removed', 'no_root_access'];

/** Judges each call and compares it with the policy that the key had before; calls in order of time. */
export function judgePolicyCalls(
  calls: readonly PolicyCall[],
  own: ReadonlySet<string>,
): JudgedPolicyCall[] {
  const current = new Map<string, KeyPolicy>();
  return calls.map((call) => {
    const before = (call.key !== null && current.get(call.key)) || null;
    const after = policyOf(call);
    const findings = after ? policyFindings(after, call.account_id, own, before) : [];
    if (after && call.key !== null && call.outcome === 'success') current.set(call.key, after);
    const verdicts = new Set<string>(findings.map((f) => f.verdict));
    if (call.bypass) verdicts.add('lockout_bypass');
    return {
      call,
      verdicts: order.filter((verdict) => verdicts.has(verdict)),
      details: [
        ...findings.map((finding) => finding.detail),
        ...(call.bypass
          ? ['the lock-out safety check was bypassed: the caller may have shut out everyone']
          : []),
      ],
      findings,
      difference: differenceWords(call, before, after),
    };
  });
}

/** The policy that a call sets; CreateKey without one sets the default. Null when the record lacks it. */
function policyOf(call: PolicyCall): KeyPolicy | null {
  if (call.policy !== null) return parseKeyPolicy(call.policy);
  if (call.operation !== 'CreateKey' || call.account_id === null) return null;
  return defaultKeyPolicy(call.account_id, call.key?.split(':')[1]);
}

function differenceWords(
  call: PolicyCall,
  before: KeyPolicy | null,
  after: KeyPolicy | null,
): string[] {
  if (call.policy === null && call.operation !== 'CreateKey') {
    return ['the record does not hold the policy (requests over 100 KB are left out)'];
  }
  if (after === null) return ['the policy text is no policy document'];
  if (call.operation === 'CreateKey' && call.policy === null) {
    return ['created with the default policy (the account decides by IAM)'];
  }
  if (before === null) {
    return call.operation === 'PutKeyPolicy'
      ? ['the policy before this change is not in the log']
      : ['the first policy of the key'];
  }
  const difference = policyDifference(before, after);
  return difference.length > 0 ? difference : ['no difference in meaning'];
}
