import { kmsEventColumns } from './relations.ts';
import { withoutComments } from './sql-text.ts';

const contractNames = new Set<string>(kmsEventColumns.map((column) => column.name));

/** The contract columns that a query's own words name (a superset of those it reads). */
export function namedColumns(commented: string): ReadonlySet<string> | null {
  const sql = withoutComments(commented);
  const words = sql.match(/[A-Za-z_][A-Za-z_0-9]*/g) ?? [];
  const selects = sql.replaceAll(/count\s*\(\s*\*\s*\)/gi, '');
  if (/(?:SELECT|,)\s*\*[^()]*\bFROM\s+kms_events\b/i.test(selects)) return null;
  const aliases = [...selects.matchAll(/\bkms_events\s+(?:AS\s+)?([a-z_]\w*)/gi)].map((m) => m[1]!);
  if ([...aliases, 'kms_events'].some((name) => selects.includes(`${name}.*`))) return null;
  return new Set(words.map((word) => word.toLowerCase()).filter((word) => contractNames.has(word)));
}
