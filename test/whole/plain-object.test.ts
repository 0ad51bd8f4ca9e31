import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

/**
 * `table[name]` finds `constructor` in every plain object. A table of ours that is asked under a name
 * from data is asked through memberOf (core/member-of.ts), or is a Map. This lint finds tables, that is
 * module constants and members of reference files typed Record<string, ...>, that are indexed by
 * anything but a literal.
 */
const rooms = [
  'core',
  'reference',
  'store',
  'formats',
  'ingest',
  'verify',
  'analytics',
  'api',
  'reports',
];

const files = [...rooms, 'cli', 'charts', 'dashboards/src'].flatMap((room) =>
  readdirSync(room, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('assembly'))
    .map((file) => path.join(room, file)),
);

/** Tables that only names of ours reach: columns, options, formats. */
const ownNames = new Set([
  'reports/security.ts: chosenColumns',
  'cli/report-command.ts: reports',
  'cli/docs/sql-page.ts: macros',
  'api/static-files.ts: types',
  'api/openapi-examples.ts: values',
  'ingest/rules/fact-record.ts: places',
  'charts/marks.ts: colourOf',
  'dashboards/src/panel.ts: inputs',
  'dashboards/src/report-menu.ts: reportOf',
  'dashboards/src/links.ts: filterColumns',
  'dashboards/src/main.ts: bodies',
  'dashboards/src/pages/cost.ts: next',
]);

function tablesOf(text: string): string[] {
  return [
    ...text.matchAll(
      /^(?:export )?const (\w+)\s*:\s*(?:Readonly<)?(?:Partial<)?Record<\s*string\b/gm,
    ),
  ].map((found) => found[1]!);
}

/** Members that reference files hold as tables, such as a quota's value by Region. */
const members = ['regions', 'sources', 'algorithm_to_quota', 'defaults'];

function plainIndexes(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const names = [...tablesOf(text)];
  const isName = (word: string, before: string) =>
    names.includes(word) || (members.includes(word) && before === '.');
  return [...text.matchAll(/(^|[^\w$])([\w$]+)(?:\?\.|!)?\[([^\]\n]+)\]/g)]
    .filter(
      ([, before, word, index]) => isName(word!, before!) && !/^(?:'[^']*'|\d+)$/.test(index!),
    )
    .filter(([, , word]) => !ownNames.has(`${file}: ${word}`))
    .map(([, , word, index]) => `${file}: ${word}[${index}]`);
}

test('no table of ours is indexed by data', () => {
  expect(files.length).toBeGreaterThan(200);
  expect(files.flatMap(plainIndexes)).toEqual([]);
});

test('the lint sees what it is for', () => {
  expect(tablesOf('const seconds: Record<string, number> = {};')).toEqual(['seconds']);
});
