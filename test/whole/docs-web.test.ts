import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { analysisMetrics } from '../../api/metrics/analysis-metrics.ts';
import { openApiDocument } from '../../api/openapi.ts';
import { problemTitles } from '../../api/problems.ts';
import { analyses } from '../../analytics/registry.ts';

const root = path.join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

test('docs/api.md names every problem and every fixed address', async () => {
  const text = read('docs/api.md');
  const missing = Object.keys(problemTitles).filter((code) => !text.includes(`\`${code}\``));
  expect(missing).toEqual([]);
  const paths = Object.keys(openApiDocument(await analyses())['paths'] as object);
  const fixed = paths.filter((one) => !one.startsWith('/api/v1/analyses/'));
  expect(fixed.filter((one) => !text.includes(one))).toEqual([]);
});

test('docs/dashboards.md names every metric of an analysis, and its pictures are there', () => {
  const text = read('docs/dashboards.md');
  const names = analysisMetrics.flatMap(({ metrics }) => metrics.map((metric) => metric.name));
  expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  const pictures = [...text.matchAll(/\((img\/[a-z-]+\.png)\)/g)].map((match) => match[1]!);
  expect(pictures.length).toBeGreaterThan(4);
  expect(pictures.filter((file) => !existsSync(path.join(root, 'docs', file)))).toEqual([]);
});

test('the web app knows the server over HTTP only, and no file grows past 300 lines', () => {
  const sources = readdirSync(path.join(root, 'dashboards'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('generated'))
    .map((file) => [file, read(`dashboards/${file}`)] as const);
  for (const [file, text] of sources) {
    const imports = [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1]!);
    const outside = imports.filter((target) => {
      const resolved = path.normalize(path.join(path.dirname(file), target));
      // Words and drawings that pages, reports and the command line share know no server.
      const shared = /^\.\.\/(core|charts)\//.test(resolved);
      return target.startsWith('.') && resolved.startsWith('..') && !shared;
    });
    expect([file, outside]).toEqual([file, []]);
    expect([file, text.split('\n').length <= 300]).toEqual([file, true]);
  }
});
