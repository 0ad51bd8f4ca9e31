/** One row of grants.sql. Instants are ISO texts. */
export interface GrantCall {
  happened_at: string;
  event_id: string;
  operation: string;
  principal_arn: string;
  region: string | null;
  key: string | null;
  key_account_id: string | null;
  grant_id: string | null;
  grantee: string | null;
  retiring_principal: string | null;
  request_parameters: string | null;
}

export interface Grant {
  grant_id: string | null;
  key: string | null;
  key_account_id: string | null;
  region: string | null;
  grantee: string | null;
  retiring_principal: string | null;
  operations: string[];
  /** Encryption context constraints as JSON text; null when there are none. */
  constraints: string | null;
  created_at: string | null;
  created_by: string | null;
  create_event_id: string | null;
  ended_at: string | null;
  ended_by: string | null;
  end_event_id: string | null;
  status: 'open' | 'retired' | 'revoked';
}

/** One row of grant-use.sql. */
export interface GrantUse {
  key: string;
  principal_arn: string;
  caller_arn: string | null;
  via_service: string | null;
  caller_account_id: string | null;
  operation: string;
  used_at: string;
  calls: number;
}

export interface UseOfGrant {
  calls: number;
  first_used_at: string | null;
  last_used_at: string | null;
  used_by: string[];
}

/** Joins creations and ends to grants, in order of creation (ends without creation first). */
export function grantsOf(calls: readonly GrantCall[]): Grant[] {
  const grants: Grant[] = [];
  const open = new Map<string, Grant>();
  for (const call of calls) {
    const name = JSON.stringify([call.key, call.grant_id]);
    if (call.operation === 'CreateGrant') {
      const grant = created(call);
      // The same request again gives the same grant id: KMS makes no second grant of it.
      if (call.grant_id !== null && open.has(name)) continue;
      grants.push(grant);
      if (call.grant_id !== null) open.set(name, grant);
      continue;
    }
    let grant = call.grant_id === null ? undefined : take(open, name, call);
    if (!grant) {
      grant = { ...created(call), created_at: null, created_by: null, create_event_id: null };
      grants.push(grant);
    }
    grant.ended_at = call.happened_at;
    grant.ended_by = call.principal_arn;
    grant.end_event_id = call.event_id;
    grant.status = call.operation === 'RetireGrant' ? 'retired' : 'revoked';
  }
  return grants;
}

/** A grant by key and id; a RetireGrant by token may lack the key, then by id alone. */
function take(open: Map<string, Grant>, name: string, call: GrantCall): Grant | undefined {
  const found =
    call.key === null
      ? [...open.values()].find((grant) => grant.grant_id === call.grant_id)
      : open.get(name);
  if (found) open.delete(JSON.stringify([found.key, found.grant_id]));
  return found;
}

function created(call: GrantCall): Grant {
  const request = parsed(call.request_parameters);
  const constraints = request['constraints'];
  const operations = request['operations'];
  return {
    grant_id: call.grant_id,
    key: call.key,
    key_account_id: call.key_account_id,
    region: call.region,
    grantee: call.grantee,
    retiring_principal: call.retiring_principal,
    operations: Array.isArray(operations) ? operations.map(String).sort() : [],
    constraints:
      constraints === undefined || constraints === null ? null : JSON.stringify(constraints),
    created_at: call.happened_at,
    created_by: call.principal_arn,
    create_event_id: call.event_id,
    ended_at: null,
    ended_by: null,
    end_event_id: null,
    status: 'open',
  };
}

function parsed(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = text === null ? null : JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/**
 * What may be logged as the caller when a grantee uses its grant: its ARN; a service's name, which in a
 * grant also bears a Region; the account's id for the account as a whole.
 */
export function namesOfGrantee(grantee: string): string[] {
  const account = /^arn:[^:]*:iam::(\d{12}):root$/.exec(grantee)?.[1];
  const service = /^([a-z0-9-]+)\.[a-z0-9-]+\.amazonaws\.com$/.exec(grantee)?.[1];
  return [grantee, ...(account ? [account] : []), ...(service ? [`${service}.amazonaws.com`] : [])];
}

/** Looks up use by key, name and operation in sorted order, so that many grants cost little each. */
export class GrantUses {
  readonly #uses = new Map<string, GrantUse[]>();

  constructor(uses: readonly GrantUse[]) {
    for (const use of [...uses].sort((a, b) => (a.used_at < b.used_at ? -1 : 1))) {
      const names = [use.principal_arn, use.caller_arn, use.via_service, use.caller_account_id];
      for (const name of new Set(names)) {
        if (name === null) continue;
        const at = JSON.stringify([use.key, name]);
        const known = this.#uses.get(at);
        if (known) known.push(use);
        else this.#uses.set(at, [use]);
      }
    }
  }

  /** Calls that the grant may have allowed: its key, grantee and operations, in its life, from `from` on. */
  of(grant: Grant, from: string | null): UseOfGrant {
    const names = grant.grantee === null ? [] : namesOfGrantee(grant.grantee);
    const start = [grant.created_at ?? '', from ?? ''].sort()[1]!;
    const matching = new Set<GrantUse>();
    for (const name of names) {
      const uses = this.#uses.get(JSON.stringify([grant.key, name])) ?? [];
      for (let i = firstAt(uses, start); i < uses.length; i++) {
        const use = uses[i]!;
        if (grant.ended_at !== null && use.used_at > grant.ended_at) break;
        if (covers(grant.operations, use.operation)) matching.add(use);
      }
    }
    const times = [...matching].map((use) => use.used_at).sort();
    return {
      calls: [...matching].reduce((sum, use) => sum + use.calls, 0),
      first_used_at: times[0] ?? null,
      last_used_at: times.at(-1) ?? null,
      used_by: [...new Set([...matching].map((use) => use.principal_arn))].sort(),
    };
  }
}

/** ReEncrypt is granted as two operations. */
function covers(operations: readonly string[], operation: string): boolean {
  if (operation === 'ReEncrypt') return operations.some((o) => o.startsWith('ReEncrypt'));
  return operations.includes(operation);
}

function firstAt(uses: readonly GrantUse[], start: string): number {
  let low = 0;
  let high = uses.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (uses[middle]!.used_at < start) low = middle + 1;
    else high = middle;
  }
  return low;
}
