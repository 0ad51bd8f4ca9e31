import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

const notOurs = new Set(['node_modules', 'dist', 'coverage']);

/** Files of ours that may name a page: sources, SQL and pages. */
function filesBelow(folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.name.startsWith('.') || notOurs.has(entry.name)) return [];
    if (entry.isDirectory()) return filesBelow(file);
    return /\.(ts|mjs|sql|md)$/.test(entry.name) && !file.endsWith('cited-pages.test.ts')
      ? [file]
      : [];
  });
}

const files = filesBelow('.');

/** Anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#{1,6} (.+)$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('every page of docs/ that a file names exists', () => {
  const missing: string[] = [];
  let cited = 0;
  for (const file of files) {
    for (const [page] of read(file).matchAll(/\bdocs\/[\w/-]+\.md\b/g)) {
      cited++;
      if (!existsSync(path.join(root, page))) missing.push(`${file}: ${page}`);
    }
  }
  expect(missing).toEqual([]);
  expect(cited).toBeGreaterThan(50);
});

test('every section that a page links to exists', () => {
  const missing: string[] = [];
  let cited = 0;
  for (const file of files.filter((name) => name.endsWith('.md'))) {
    for (const [, target, anchor] of read(file).matchAll(/\]\(([\w./-]*)#([^)\s]+)\)/g)) {
      const page = target === '' ? file : path.join(path.dirname(file), target!);
      cited++;
      if (!existsSync(path.join(root, page)) || !anchorsOf(page).includes(anchor!)) {
        missing.push(`${file}: ${target}#${anchor}`);
      }
    }
  }
  expect(missing).toEqual([]);
  expect(cited).toBeGreaterThan(10);
});

test('every source file that ARCHITECTURE and docs/internals name exists', () => {
  const pages = ['ARCHITECTURE.md', ...filesBelow('docs/internals')];
  const missing = pages.flatMap((page) =>
    [...read(page).matchAll(/`((?:\w[\w-]*\/)+[\w.-]+\.(?:ts|sql|mjs|json))`/g)]
      .map((match) => match[1]!)
      // A page may leave out the room, as in `rules/client.ts`.
      .filter((name) => !files.some((file) => file === name || file.endsWith(`/${name}`)))
      .filter((name) => !existsSync(path.join(root, name)))
      .map((name) => `${page}: ${name}`),
  );
  expect(missing).toEqual([]);
});
