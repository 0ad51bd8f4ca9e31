import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { defaultConfig } from '../../core/config.ts';
import { finopsReport } from '../../reports/finops.ts';
import { overviewReport } from '../../reports/overview.ts';
import { securityReport } from '../../reports/security.ts';
import { event, withEvents } from '../support/events.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const page = read('docs/definitions.md');
const citing = [
  ...[
    'alerts',
    'analytics',
    'api',
    'charts',
    'cli',
    'core',
    'dashboards/src',
    'demo',
    'docs',
    'formats',
  ],
  ...['ingest', 'reference', 'reports', 'store', 'test/support', 'verify'],
];
const sections = new Set([...page.matchAll(/^#{2,3} (.+)$/gm)].map((match) => match[1]!));

test('every definition that the code or the docs cite exists', () => {
  const files = citing.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|sql|md)$/.test(file))
      .map((file) => path.join(folder, file)),
  );
  let cited = 0;
  for (const file of files) {
    for (const [, name] of read(file).matchAll(/\bdefinitions: ([A-Z][^).,;:*`"\n]*)/g)) {
      cited++;
      expect(sections, `${file} cites "${name}"`).toContain(name!.trim());
    }
    for (const [, anchor] of read(file).matchAll(/definitions\.md#([\w-]+)/g)) {
      const anchors = [...sections].map((section) => section.toLowerCase().replaceAll(' ', '-'));
      expect(anchors, file).toContain(anchor);
    }
    expect(read(file), `${file} cites a definition by its number`).not.toMatch(
      /definitions\.md \d/,
    );
  }
  expect(cited).toBeGreaterThan(10);
});

/** Labels in the table of headlines, each with the section that its line names. */
const headlines = new Map(
  [...page.matchAll(/^\| (.+?) \| .+? \| \[(.+?)\]\(#.+\) \|$/gm)].flatMap(([, labels, section]) =>
    labels!.split('; ').map((label) => [label, section!] as const),
  ),
);

test('every headline of a report and every tile has its definition', async () => {
  const labels = new Set(
    [...read('dashboards/src/pages/tiles.ts').matchAll(/^ {4}label: '(.+)',$/gm)].map((m) => m[1]!),
  );
  expect(labels.size).toBeGreaterThan(2);
  const events = [event(), event({ operation: 'Sign', quota_id: 'crypto_rsa' })];
  await withEvents(events, async (engine) => {
    const context = { engine, config: defaultConfig };
    for (const make of [finopsReport, overviewReport, securityReport]) {
      for (const figure of (await make(context)).headline) labels.add(figure.label);
    }
  });
  const plain = ['events stored', 'keys', 'principals', 'accounts', 'Regions'];
  for (const label of labels) {
    if (plain.includes(label)) continue;
    expect(sections, `headline "${label}"`).toContain(headlines.get(label));
  }
});
