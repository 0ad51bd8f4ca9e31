import {
  accountOfPrincipal,
  accountOfText,
  type KeyPolicy,
  type PolicyCondition,
  type PolicyStatement,
} from './key-policy.ts';

export interface PolicyFinding {
  verdict: 'public' | 'foreign_account' | 'root_removed' | 'no_root_access';
  /** The statement's Sid or position, and what it does. */
  detail: string;
  foreign_accounts: string[];
}

/** Condition keys that pin the caller down, and how their values name an account. */
const callerKeys = new Set([
  'kms:calleraccount',
  'aws:principalaccount',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:principalarn',
  'aws:principalservicename',
  'aws:sourceaccount',
  'aws:sourceorgid',
  'aws:sourceowner',
  'aws:sourcearn',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:userid',
  'aws:username',
]);

/**
 * What a key policy opens, by itself: every statement that lets everyone or a foreign account in, and
 * whether the owner's account keeps access. Deny statements and IAM policies are not weighed against it.
 */
export function policyFindings(
  policy: KeyPolicy,
  key_account: string | null,
  own: ReadonlySet<string>,
  before: KeyPolicy | null,
): PolicyFinding[] {
  const findings: PolicyFinding[] = [];
  policy.statements.forEach((statement, i) => {
    if (statement.effect !== 'Allow') return;
    const name = statement.sid === null ? `statement ${i + 1}` : `statement "${statement.sid}"`;
    findings.push(...openings(statement, name, key_account, own));
  });
  if (key_account !== null && !givesRoot(policy, key_account)) {
    const removed = before !== null && givesRoot(before, key_account);
    findings.push({
      verdict: removed ? 'root_removed' : 'no_root_access',
      detail: removed
        ? `account ${key_account} as a whole lost the access that the policy gave it before; only the principals it names can change it`
        : `account ${key_account} as a whole has no access; only the principals that the policy names can change it`,
      foreign_accounts: [],
    });
  }
  return findings;
}

function openings(
  statement: PolicyStatement,
  name: string,
  key_account: string | null,
  own: ReadonlySet<string>,
): PolicyFinding[] {
  const isForeign = (account: string) => account !== key_account && !own.has(account);
  const actions = actionWords(statement);
  const pins = statement.conditions.filter(pinsCaller);
  const findings: PolicyFinding[] = [];
  const everyone =
    statement.except_principals ||
    statement.principals.some((p) => p.type === 'AWS' && p.value === '*');
  if (everyone && pins.length === 0) {
    const whom = statement.except_principals ? 'everyone but the principals it names' : 'everyone';
    findings.push({
      verdict: 'public',
      detail: `${name} lets ${whom}, of any account, ${actions}${conditionWords(statement.conditions)}`,
      foreign_accounts: [],
    });
  }
  const pinned = pins.flatMap((pin) => pin.values).map(accountOfText);
  const named = statement.except_principals ? [] : statement.principals.map(accountOfPrincipal);
  const foreign = [...new Set([...named, ...(everyone ? pinned : [])])]
    .filter((account): account is string => account !== null)
    .filter(isForeign);
  if (foreign.length > 0) {
    findings.push({
      verdict: 'foreign_account',
      detail: `${name} lets foreign account ${foreign.join(', ')} ${actions}${conditionWords(statement.conditions)}`,
      foreign_accounts: foreign,
    });
  }
  return findings;
}

/** A condition that every caller must meet with a fixed value; `IfExists` and negations let others through. */
function pinsCaller(condition: PolicyCondition): boolean {
  const operator = condition.operator.toLowerCase();
  if (operator.includes('ifexists') || operator.startsWith('forallvalues:')) return false;
  if (operator.includes('not') || operator === 'null') return false;
  if (!callerKeys.has(condition.key.toLowerCase())) return false;
  return condition.values.length > 0 && !condition.values.some(matchesAnyAccount);
}

/** `*`, or an ARN whose account is left open. */
function matchesAnyAccount(value: string): boolean {
  if (/^[*?]+$/.test(value)) return true;
  if (!value.startsWith('arn:')) return false;
  const parts = value.split(':');
  return parts.length >= 5 && /[*?]/.test(parts[4]!);
}

function givesRoot(policy: KeyPolicy, account: string): boolean {
  return policy.statements.some(
    (s) =>
      s.effect === 'Allow' &&
      !s.except_principals &&
      s.principals.some(
        (p) =>
          p.type === 'AWS' &&
          (p.value === '*' || p.value === account || isRootOf(p.value, account)),
      ) &&
      !s.except_actions &&
      s.actions.some((action) => action === 'kms:*' || action === '*' || /^kms:put/i.test(action)),
  );
}

function isRootOf(arn: string, account: string): boolean {
  const [, , service, , owner, resource] = arn.split(':');
  return service === 'iam' && owner === account && resource === 'root';
}

export function actionWords(statement: PolicyStatement): string {
  const listed = statement.actions.join(', ') || 'nothing';
  if (statement.except_actions) return `do everything but ${listed}`;
  return statement.actions.some((a) => a === 'kms:*' || a === '*')
    ? 'do everything (kms:*)'
    : `call ${listed}`;
}

export function conditionWords(conditions: readonly PolicyCondition[]): string {
  if (conditions.length === 0) return '';
  return ` when ${conditions.map((c) => `${c.key} ${c.operator} ${c.values.join(' or ')}`).join(' and ')}`;
}
