import type { Config } from '../core/config.ts';
import type { AnalysisContext } from './analysis.ts';
import { readAliasIntervals } from './investigation/alias-intervals.ts';

/** What people call a key or an account. */
export interface Name {
  /** As shown in place of the id, which it always contains: `alias/payments (1234abcd)`. */
  label: string;
  tags: ReadonlyMap<string, string>;
}

const keyArn = /^arn:[^:]*:kms:[^:]*:(\d{12}):key\/(.+)$/;
/** Digits of a key id that are shown behind its alias. */
const idDigits = 8;

/**
 * Names of keys and accounts. A key is called by its configured name, else by its alias: as configured,
 * else the one that the log shows last. AWS managed aliases (`alias/aws/...`) give way to others.
 * Labels keep the start of the id, because two keys may bear one alias at different times or places.
 */
export class Names {
  readonly keys = new Map<string, Name>();
  readonly accounts = new Map<string, Name>();

  constructor(config: Config['names'], aliasesInLog: ReadonlyMap<string, string>) {
    for (const account of config.accounts) {
      const tags = new Map(Object.entries(account.tags));
      if (account.environment) tags.set('environment', account.environment);
      if (account.team) tags.set('team', account.team);
      const label = account.name ? `${account.name} (${account.account_id})` : account.account_id;
      this.accounts.set(account.account_id, { label, tags });
    }
    for (const [arn, alias] of aliasesInLog) this.#addKey(arn, alias, new Map());
    for (const key of config.keys) {
      const name = key.name ?? preferredAlias(key.aliases) ?? aliasesInLog.get(key.arn);
      this.#addKey(key.arn, name, new Map(Object.entries(key.tags)));
    }
  }

  #addKey(arn: string, name: string | undefined, tags: Map<string, string>): void {
    const id = keyArn.exec(arn)?.[2];
    if (id === undefined) return;
    const label =
      name === undefined ? arn : `${name} (${id.replace(/^mrk-/, '').slice(0, idDigits)})`;
    this.keys.set(arn, { label, tags });
  }

  /** The label of a key ARN or account id; null when nothing names it. */
  labelOf(text: string): string | null {
    const label = (this.keys.get(text) ?? this.accounts.get(text))?.label;
    return label === undefined || label === text ? null : label;
  }

  /** A tag's value for a key: its own, else that of its account; null when neither has it. */
  tagOfKey(arn: string, tag: string): string | null {
    const own = this.keys.get(arn)?.tags.get(tag);
    if (own !== undefined) return own;
    const account = keyArn.exec(arn)?.[1];
    return account === undefined ? null : this.tagOfAccount(account, tag);
  }

  tagOfAccount(account: string, tag: string): string | null {
    return this.accounts.get(account)?.tags.get(tag) ?? null;
  }
}

function preferredAlias(aliases: readonly string[]): string | undefined {
  const sorted = aliases.toSorted();
  return sorted.find((alias) => !alias.startsWith('alias/aws/')) ?? sorted[0];
}

/** Names from the configuration and from the aliases in the log. */
export async function readNames(context: AnalysisContext): Promise<Names> {
  const intervals = await readAliasIntervals(context);
  const held = new Map<string, { alias: string; from: string }[]>();
  for (const { key_arn, alias, valid_from, valid_to } of intervals) {
    if (valid_to !== null) continue;
    const known = held.get(key_arn) ?? [];
    known.push({ alias, from: valid_from });
    held.set(key_arn, known);
  }
  const latest = [...held].map(([arn, aliases]): [string, string] => {
    const byTime = aliases.toSorted((a, b) => (a.from < b.from ? 1 : a.from > b.from ? -1 : 0));
    const own = byTime.find(({ alias }) => !alias.startsWith('alias/aws/'));
    return [arn, (own ?? byTime[0]!).alias];
  });
  return new Names(context.config.names, new Map(latest));
}
