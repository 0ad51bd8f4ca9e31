import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { namesSchema, type Config } from '../core/config.ts';
import { exitCodes, KeymeterError, messageOf } from '../core/errors.ts';
import { parse } from 'csv-parse/sync';

type NamesConfig = Config['names'];

const bytes_max = 64 * 1024 * 1024;

/**
 * Names of accounts and keys from a file: JSON as `keymeter names pull` writes it, or CSV whose first line
 * names the columns `account_id`, `name`, `environment`, `team`; any other column becomes a tag.
 * Throws KeymeterError names_unreadable or names_invalid.
 */
export function readNamesFile(file: string): NamesConfig {
  let text: string;
  try {
    const { size } = statSync(file);
    if (size > bytes_max) throw new Error(`${size} bytes are more than ${bytes_max}`);
    text = readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    throw new KeymeterError('names_unreadable', `cannot read ${file}: ${messageOf(error)}`, {
      fix: 'name a JSON file of `keymeter names pull` or a CSV file of accounts with --names',
      exitCode: exitCodes.usage,
      cause: error,
    });
  }
  try {
    const isJson = text.trimStart().startsWith('{');
    return namesSchema.parse(isJson ? JSON.parse(text) : { accounts: accountsOfCsv(text) });
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new KeymeterError('names_invalid', `${file} does not hold names: ${detail}`, {
      fix: 'write {"accounts": [{"account_id": ..., "name": ...}], "keys": [{"arn": ..., "name": ...}]}, or CSV with the columns account_id and name',
      exitCode: exitCodes.usage,
      cause: error,
    });
  }
}

function accountsOfCsv(text: string): unknown[] {
  const [header, ...lines] = parse(text, { relax_column_count: true, skip_empty_lines: true });
  if (!header?.includes('account_id')) throw new Error('its first line has no column account_id');
  return lines.map((cells) => {
    const fields = new Map(header.map((name, i) => [name, cells[i] ?? '']));
    const known = (name: string) => fields.get(name) || undefined;
    const others = [...fields].filter(
      ([name, value]) => value !== '' && !['account_id', 'name'].includes(name),
    );
    return {
      account_id: known('account_id'),
      name: known('name'),
      environment: known('environment'),
      team: known('team'),
      tags: Object.fromEntries(others),
    };
  });
}

/** Both lists; where both name one account or key, the later entry adds to and overrides the earlier. */
export function joinedNames(earlier: NamesConfig, later: NamesConfig): NamesConfig {
  return {
    accounts: joined(earlier.accounts, later.accounts, (account) => account.account_id),
    keys: joined(earlier.keys, later.keys, (key) => key.arn),
  };
}

function joined<T extends { tags: Record<string, string> }>(
  earlier: readonly T[],
  later: readonly T[],
  idOf: (entry: T) => string,
): T[] {
  const found = new Map<string, T>();
  for (const entry of [...earlier, ...later]) {
    const before = found.get(idOf(entry));
    const known = Object.entries(entry).filter(([, value]) => value !== undefined);
    found.set(idOf(entry), {
      ...before,
      ...(Object.fromEntries(known) as T),
      tags: { ...before?.tags, ...entry.tags },
    });
  }
  return [...found.values()];
}
