/** A principal of a policy statement: `*` or an ARN, account, service or provider. */
export interface PolicyPrincipal {
  type: 'AWS' | 'Service' | 'Federated' | 'CanonicalUser';
  value: string;
}

export interface PolicyCondition {
  operator: string;
  key: string;
  values: string[];
}

export interface PolicyStatement {
  sid: string | null;
  effect: 'Allow' | 'Deny';
  /** Without principals the statement applies to nobody, or with `except` to everyone else. */
  principals: PolicyPrincipal[];
  /** True for NotPrincipal. */
  except_principals: boolean;
  actions: string[];
  /** True for NotAction. */
  except_actions: boolean;
  resources: string[];
  conditions: PolicyCondition[];
}

export interface KeyPolicy {
  statements: PolicyStatement[];
}

const principalTypes = ['AWS', 'Service', 'Federated', 'CanonicalUser'] as const;

/**
 * Reads the text of a key policy; null when it is no policy. Lists are sorted, so that two policies
 * which mean the same compare equal.
 */
export function parseKeyPolicy(text: string): KeyPolicy | null {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(document) || document['Statement'] === undefined) return null;
  const listed = document['Statement'];
  const statements = (Array.isArray(listed) ? listed : [listed]).map(statementOf);
  return statements.every((s) => s !== null) ? { statements } : null;
}

/** The policy of a key that was created without one. Source: KMS developer guide, default key policy. */
export function defaultKeyPolicy(account: string, partition = 'aws'): KeyPolicy {
  return {
    statements: [
      {
        sid: 'Enable IAM User Permissions',
        effect: 'Allow',
        principals: [{ type: 'AWS', value: `arn:${partition}:iam::${account}:root` }],
        except_principals: false,
        actions: ['kms:*'],
        except_actions: false,
        resources: ['*'],
        conditions: [],
      },
    ],
  };
}

function statementOf(value: unknown): PolicyStatement | null {
  if (!isRecord(value)) return null;
  const effect = value['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') return null;
  return {
    sid: typeof value['Sid'] === 'string' && value['Sid'] !== '' ? value['Sid'] : null,
    effect,
    principals: principalsOf(value['Principal'] ?? value['NotPrincipal']),
    except_principals: value['NotPrincipal'] !== undefined,
    actions: textsOf(value['Action'] ?? value['NotAction']),
    except_actions: value['NotAction'] !== undefined,
    resources: textsOf(value['Resource'] ?? value['NotResource']),
    conditions: conditionsOf(value['Condition']),
  };
}

function principalsOf(value: unknown): PolicyPrincipal[] {
  if (value === '*') return [{ type: 'AWS', value: '*' }];
  if (!isRecord(value)) return [];
  return principalTypes
    .flatMap((type) => textsOf(value[type]).map((text) => ({ type, value: text })))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function conditionsOf(value: unknown): PolicyCondition[] {
  if (!isRecord(value)) return [];
  return Object.entries(value)
    .flatMap(([operator, keys]) =>
      isRecord(keys)
        ? Object.entries(keys).map(([key, values]) => ({ operator, key, values: textsOf(values) }))
        : [],
    )
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** A text or a list of texts (numbers and booleans as text), sorted, each once. */
function textsOf(value: unknown): string[] {
  const list = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  return [...new Set(list.filter((v) => typeof v !== 'object').map(String))].sort();
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The account that a principal of type AWS belongs to; null for `*`, services and bare unique ids. */
export function accountOfPrincipal(principal: PolicyPrincipal): string | null {
  if (principal.type === 'Service' || principal.type === 'CanonicalUser') return null;
  return accountOfText(principal.value);
}

/** The account in an ARN or account id; null when there is none. */
export function accountOfText(text: string): string | null {
  if (/^\d{12}$/.test(text)) return text;
  const account = text.startsWith('arn:') ? text.split(':', 5)[4] : undefined;
  return account !== undefined && /^\d{12}$/.test(account) ? account : null;
}
