import type { AnalysisContext } from '../analysis.ts';
import {
  AliasResolver,
  isAlias,
  readAliasIntervals,
  type AliasInterval,
} from './alias-intervals.ts';

/** A key as a person names it, made definite. */
export interface NamedKey {
  key_arn: string;
  /** The last part of the ARN. */
  key_id: string;
  /** What requests typed for it, and when that meant it: JSON texts for SQL (see namesSql). */
  names: string[];
  notes: string[];
}

const keyArn = /^arn:[^:]*:kms:([^:]*):([^:]*):key\/(.+)$/;
const beginning = '0001-01-01 00:00:00';
const forever = '9999-12-31 00:00:00';

/**
 * Resolves a key ARN, a bare key id or an alias (name or ARN). An alias means its latest key at or
 * before `at`; a note says when it meant others. A name nobody used stays as it is.
 */
export async function nameKey(
  context: AnalysisContext,
  text: string,
  at?: Date,
): Promise<NamedKey> {
  const intervals = await readAliasIntervals(context);
  const notes: string[] = [];
  const key_arn = isAlias(text)
    ? ofAlias(intervals, text, at, notes)
    : keyArn.test(text)
      ? text
      : await ofId(context, text, notes);
  const [, region, account, key_id = text] = keyArn.exec(key_arn) ?? [];
  const names = intervals.filter((i) => i.key_arn === key_arn).flatMap(namesOf);
  for (const ref of [key_arn, key_id]) {
    names.push(
      JSON.stringify({ key: key_arn, ref, account, region, from: beginning, to: forever }),
    );
  }
  return { key_arn, key_id, names, notes };
}

/** What analyses with a key filter bind: the key, and what each typed alias meant and when. */
export interface KeyBinding {
  key: string | null;
  aliases: string[];
  notes: string[];
}

/**
 * Binds a key filter (ARN, id or alias; undefined is none). Calls that failed before KMS resolved their
 * key are known only by the alias that was typed: the aliases give them to the key it meant then.
 */
export async function bindKey(
  context: AnalysisContext,
  text: string | undefined,
  at?: Date,
): Promise<KeyBinding> {
  const aliases = (await readAliasIntervals(context)).flatMap(namesOf);
  if (text === undefined) return { key: null, aliases, notes: [] };
  const { key_arn, names, notes } = await nameKey(context, text, at);
  return { key: key_arn, aliases: [...new Set([...aliases, ...names])], notes };
}

function ofAlias(
  intervals: readonly AliasInterval[],
  text: string,
  at: Date | undefined,
  notes: string[],
): string {
  const name = text.startsWith('arn:') ? text.slice(text.indexOf(':alias/') + 1) : text;
  const until = at?.toISOString() ?? forever;
  const typed = new AliasResolver(intervals);
  const mine = (
    text.startsWith('arn:')
      ? [...typed.intervals(text, null, null)]
      : intervals.filter((i) => i.alias === name)
  )
    .filter((i) => i.valid_from < until)
    .sort((a, b) => (a.valid_from < b.valid_from ? -1 : 1));
  const last = mine.at(-1);
  if (!last) {
    notes.push(`${text} is not known from the log.`);
    return text;
  }
  notes.push(`${text} means ${last.key_arn} since ${last.valid_from} (${last.basis}).`);
  for (const other of mine.slice(0, -1).filter((i) => i.key_arn !== last.key_arn)) {
    notes.push(
      `${text} in account ${other.account_id}, ${other.region} meant ${other.key_arn} from ${other.valid_from} to ${other.valid_to ?? 'the end of the log'}; ask for that key by its ARN.`,
    );
  }
  return last.key_arn;
}

async function ofId(context: AnalysisContext, id: string, notes: string[]): Promise<string> {
  const rows = await context.engine.rows(
    `SELECT DISTINCT key_arn FROM kms_events WHERE split_part(key_arn, '/', 2) = $id ORDER BY key_arn`,
    { id },
    context,
  );
  const [first, ...others] = rows.map((row) => String(row['key_arn']));
  if (others.length > 0) {
    notes.push(
      `${id} stands for several keys; shown is ${first}, others are ${others.join(', ')}.`,
    );
  }
  return first ?? id;
}

/**
 * What requests typed for the key of an alias interval, as JSON texts for SQL: an alias is typed by name
 * in its own account and Region, or by ARN from anywhere.
 */
export function namesOf(interval: AliasInterval): string[] {
  const from = sqlInstant(interval.valid_from);
  const to = interval.valid_to === null ? forever : sqlInstant(interval.valid_to);
  const { account_id: account, region, alias, key_arn: key } = interval;
  const partition = key.split(':')[1];
  const arn = `arn:${partition}:kms:${region}:${account}:${alias}`;
  return [
    JSON.stringify({ key, ref: alias, account, region, from, to }),
    JSON.stringify({ key, ref: arn, from, to }),
  ];
}

/** `YYYY-MM-DD HH:MM:SS`, which both engines cast to TIMESTAMP. */
function sqlInstant(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}
