import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { analyses } from '../../analytics/registry.ts';
import { analysisPage, indexPage, withoutOutput } from '../../cli/docs/analysis-page.ts';
import { sqlPage } from '../../cli/docs/sql-page.ts';
import { allCommands, buildProgram } from '../../cli/program.ts';
import { withEvents } from '../support/events.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const stale = 'is stale: run `npm run docs` and commit what it writes';
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

const pages = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'].filter((file) =>
    existsSync(path.join(root, file)),
  ),
  ...['docs', 'bench', 'dashboards'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md') && !file.includes('node_modules'))
      .map((file) => path.join(folder, file)),
  ),
];

describe('the pages made from the registry', () => {
  it('say of each analysis what its module says', async () => {
    const all = [...(await analyses()).values()];
    const there = readdirSync(path.join(root, 'docs/analyses')).sort();
    expect(there, `docs/analyses ${stale}`).toEqual(
      ['README.md', ...all.map(({ name }) => `${name}.md`)].sort(),
    );
    for (const analysis of all) {
      const file = `docs/analyses/${analysis.name}.md`;
      expect(withoutOutput(read(file)), `${file} ${stale}`).toBe(
        withoutOutput(analysisPage(analysis, 'output')),
      );
    }
    expect(read('docs/analyses/README.md'), `the index ${stale}`).toBe(indexPage(all));
  });

  it('name the relations, columns and macros of the database', async () => {
    const page = await withEvents([], (engine) => sqlPage(engine));
    expect(read('docs/sql.md'), `docs/sql.md ${stale}`).toBe(page);
  });
});

/** Words of a shell line; quotes are kept together, a comment ends it. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const match of line.matchAll(/'[^']*'|"[^"]*"|\S+/g)) {
    if (match[0] === '#' || /^[|;>&]/.test(match[0])) break;
    words.push(match[0]);
  }
  return words;
}

/** Command lines of keymeter in a page: in fenced blocks and in code spans. */
function commandLines(text: string): string[] {
  const blocks = [...text.matchAll(/^(`{3,})(\w*)\n([^]*?)\n\1$/gm)];
  const inBlocks = blocks
    .filter((block) => block[2] !== 'text' && block[2] !== 'sql')
    .flatMap((block) => {
      const lines = block[3]!.replaceAll('\\\n', ' ').split('\n');
      // A terminal session shows what was typed after a dollar sign; the rest is output.
      return block[2] === 'console' ? lines.filter((line) => line.startsWith('$ ')) : lines;
    });
  const prose = blocks.reduce((rest, block) => rest.replace(block[0], ''), text);
  const spans = [...prose.matchAll(/(?<!`)`([^`\n]+)`(?!`)/g)].map((match) => match[1]!);
  return [...inBlocks, ...spans].flatMap((line) => {
    const match = /^(?:\$ )?(?:npx )?(?:keymeter|node dist\/cli\/main\.js) (.*)$/.exec(line.trim());
    const start = /^(?:\$ )?(?:npm ci && )?npm start(?: -- (.*))?$/.exec(line.trim());
    if (start) return [`up ${start[1] ?? ''}`];
    return match ? [match[1]!] : [];
  });
}

/** What is wrong with a command line; null when its command and flags exist. */
function fault(program: Command, line: string): string | null {
  const words = wordsOf(line);
  let command = program;
  while (words.length > 0) {
    const next = command.commands.find((sub) => sub.name() === words[0]);
    if (!next) break;
    command = next;
    words.shift();
  }
  const placeholder = words[0] === undefined || /^[A-Z<.[-]/.test(words[0]) || words[0] === 'NAME';
  if (command.commands.length > 0 && !placeholder) return `no command ${words[0]}`;
  // A flag after a placeholder such as `run <analysis>` belongs to whatever it stands for.
  if (command.commands.length > 0) return null;
  const flags = new Set(command.options.flatMap((option) => [option.long, option.short]));
  for (const word of words) {
    if (!/^--?[a-z]/.test(word)) continue;
    const flag = word.split('=')[0]!;
    if (flag !== '--help' && flag !== '-h' && !flags.has(flag)) return `no option ${flag}`;
  }
  return null;
}

describe('the documentation', () => {
  let program: Command;
  beforeAll(async () => {
    program = await buildProgram();
  });

  it('names only commands and options that exist', () => {
    const faults = pages.flatMap((page) =>
      commandLines(read(page)).flatMap((line) => {
        const wrong = fault(program, line);
        return wrong ? [`${page}: keymeter ${line}: ${wrong}`] : [];
      }),
    );
    expect(faults).toEqual([]);
    expect(pages.flatMap((page) => commandLines(read(page))).length).toBeGreaterThan(50);
  });

  it('gives examples in the help of every command that exist too', () => {
    const faults: string[] = [];
    for (const command of allCommands(program)) {
      let help = '';
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      const lines = [...help.matchAll(/^ {2}keymeter (.*)$/gm)].map((match) => match[1]!);
      if (command.commands.length === 0 && !['docs', 'help'].includes(command.name())) {
        if (lines.length === 0) faults.push(`${command.name()} has no example`);
      }
      for (const line of lines) {
        const wrong = fault(program, line.replace(/ {2,}.*$/, ''));
        if (wrong) faults.push(`${command.name()}: keymeter ${line}: ${wrong}`);
      }
    }
    expect(faults).toEqual([]);
  });

  it('links only to files that are there', () => {
    const broken = pages.flatMap((page) =>
      [
        ...read(page)
          .replace(/^(`{3,})[^]*?\n\1$/gm, '')
          .matchAll(/\]\(([^)\s]+)\)/g),
      ]
        .map((match) => match[1]!)
        .filter((target) => !/^(https?:|mailto:|#)/.test(target))
        .filter((target) => {
          const file = path.join(root, path.dirname(page), target.split('#')[0]!);
          return !existsSync(file);
        })
        .map((target) => `${page}: ${target}`),
    );
    expect(broken).toEqual([]);
  });
});
