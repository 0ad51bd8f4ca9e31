import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('each promise of docs/reliability.md names a test that exists', () => {
  const rows = [
    ...readFileSync('docs/reliability.md', 'utf8').matchAll(
      /\| `(\w[\w/.-]+\.test\.ts)`: (.+?) +\|$/gm,
    ),
  ];
  expect(rows.length).toBeGreaterThanOrEqual(60);
  const missing = rows
    .map(([, file, title]) => ({ file: `test/${file}`, title: title!.trim() }))
    .filter(({ file, title }) => !existsSync(file) || !readFileSync(file, 'utf8').includes(title));
  expect(missing).toEqual([]);
});
