import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { envelopes } from '../../ingest/records/envelopes.ts';

const page = (file: string) => readFileSync(file, 'utf8');

test('docs/sources.md lists every envelope that is known, in order', () => {
  const section = /<!-- envelopes:.*?-->(.*?)<!-- end of envelopes -->/s.exec(
    page('docs/sources.md'),
  )![1]!;
  const rows = [...section.matchAll(/^\| `([^`]+)` +\| (.+?) +\|$/gm)].map(
    ([, path, writtenBy]) => ({
      path,
      writtenBy,
    }),
  );
  expect(rows).toEqual(envelopes);
});

test("the README's first screen names both commands, and package.json has what they start", () => {
  const screen = page('README.md').split('\n').slice(0, 24).join('\n');
  for (const command of ['npm ci && npm start', 'npm ci && npm test'])
    expect(screen).toContain(command);
  const { scripts } = JSON.parse(page('package.json')) as { scripts: Record<string, string> };
  expect(scripts['start']).toBe('node dist/cli/main.js up');
  expect(scripts['test']).toMatch(/^vitest run/);
  // npm ci builds, so that neither command needs another.
  expect(scripts['prepare']).toBe(scripts['build']);
});
