import type { KeyPolicy, PolicyPrincipal, PolicyStatement } from './key-policy.ts';
import { actionWords, conditionWords } from './policy-verdict.ts';

/**
 * What changed from one policy to the next, a sentence each, in the order of the statements. Statements
 * of the same Sid are compared part by part; all others are added or removed as a whole.
 */
export function policyDifference(before: KeyPolicy, after: KeyPolicy): string[] {
  // A statement that stands twice means what it means once.
  const texts = (policy: KeyPolicy) => new Set(policy.statements.map((s) => JSON.stringify(s)));
  const [old, now] = [texts(before), texts(after)];
  const added = [...now]
    .filter((text) => !old.has(text))
    .map((text) => JSON.parse(text) as PolicyStatement);
  const removed = [...old]
    .filter((text) => !now.has(text))
    .map((text) => JSON.parse(text) as PolicyStatement);
  const sentences: string[] = [];
  for (const statement of added) {
    const index = removed.findIndex((s) => s.sid !== null && s.sid === statement.sid);
    if (index < 0) {
      sentences.push(`added: ${statementWords(statement)}`);
      continue;
    }
    const [was] = removed.splice(index, 1);
    sentences.push(
      `statement "${statement.sid}": ${statementDifference(was!, statement).join('; ')}`,
    );
  }
  sentences.push(...removed.map((statement) => `removed: ${statementWords(statement)}`));
  return sentences;
}

/** A statement as one sentence. */
export function statementWords(statement: PolicyStatement): string {
  const name = statement.sid === null ? 'a statement that' : `statement "${statement.sid}" that`;
  const verb = statement.effect === 'Allow' ? 'lets' : 'denies';
  const whom = principalWords(statement);
  const action =
    statement.effect === 'Allow' ? actionWords(statement) : `to ${actionWords(statement)}`;
  return `${name} ${verb} ${whom} ${action}${conditionWords(statement.conditions)}`;
}

function statementDifference(old: PolicyStatement, now: PolicyStatement): string[] {
  const parts: string[] = [];
  if (old.effect !== now.effect) parts.push(`effect ${old.effect} became ${now.effect}`);
  if (old.except_principals !== now.except_principals) {
    parts.push(
      `${now.except_principals ? 'Principal became NotPrincipal' : 'NotPrincipal became Principal'}`,
    );
  }
  if (old.except_actions !== now.except_actions) {
    parts.push(`${now.except_actions ? 'Action became NotAction' : 'NotAction became Action'}`);
  }
  parts.push(
    ...listDifference(
      'principal',
      old.principals.map(principalName),
      now.principals.map(principalName),
    ),
    ...listDifference('action', old.actions, now.actions),
    ...listDifference('resource', old.resources, now.resources),
    ...listDifference(
      'condition',
      old.conditions.map((c) => conditionWords([c]).trim()),
      now.conditions.map((c) => conditionWords([c]).trim()),
    ),
  );
  return parts;
}

function listDifference(what: string, old: readonly string[], now: readonly string[]): string[] {
  return [
    ...now.filter((v) => !old.includes(v)).map((v) => `${what} ${v} added`),
    ...old.filter((v) => !now.includes(v)).map((v) => `${what} ${v} removed`),
  ];
}

function principalWords(statement: PolicyStatement): string {
  const listed = statement.principals.map(principalName).join(', ') || 'nobody';
  return statement.except_principals ? `everyone but ${listed}` : listed;
}

function principalName(principal: PolicyPrincipal): string {
  if (principal.value === '*') return 'everyone (*)';
  return principal.type === 'AWS' ? principal.value : `${principal.type} ${principal.value}`;
}
