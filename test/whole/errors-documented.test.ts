import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const rooms = [
  'core',
  'reference',
  'store',
  'formats',
  'ingest',
  'verify',
  'analytics',
  'alerts',
  'api',
  'demo',
  'cli',
];

const sources = rooms.flatMap((room) =>
  readdirSync(room, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(path.join(room, file), 'utf8')),
);

/** Codes and classes as the sources write them; what stands behind a variable is added by name. */
const patterns = [
  /new (?:KeymeterError|InputError)\(\s*'([a-z0-9_]+)'/g,
  /\b(?:usageError|usage|make|reject)\(\s*'([a-z0-9_]+)'/g,
  /\b(?:errorClass|error_class): '([a-z0-9_]+)'/g,
  /new ObjectError\(\s*'([a-z0-9_]+)'/g,
];

function writtenCodes(): Set<string> {
  const found = new Set<string>();
  patterns.forEach((pattern, i) => {
    for (const source of sources) {
      // The class of an object that could not be read has a prefix in the ledger (ingest/task.ts).
      for (const match of source.matchAll(pattern))
        found.add(i < 3 ? match[1]! : `object_${match[1]}`);
    }
  });
  return found;
}

/** The first cell of each row of the tables. */
function documentedCodes(): Set<string> {
  const rows = readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `([a-z0-9_]+)`\s*\|(.+)\|$/gm);
  const codes = new Set<string>();
  for (const [, code, cells] of rows) {
    expect(codes.has(code!), `${code} stands twice`).toBe(false);
    codes.add(code!);
    const filled = cells!.split('|').filter((cell) => cell.trim() !== '');
    expect(filled.length, `${code} has meaning and remedy`).toBeGreaterThanOrEqual(2);
  }
  return codes;
}

test('every error code and input class is in docs/errors.md, and nothing else is', () => {
  const written = writtenCodes();
  expect(written.size).toBeGreaterThan(80);
  expect([...documentedCodes()].sort()).toEqual([...written].sort());
});
