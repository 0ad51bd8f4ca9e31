import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Which rooms a room may import. dashboards talks to the API over HTTP only. */
const mayImport: Record<string, readonly string[]> = {
  core: [],
  charts: [],
  reference: [],
  store: ['core', 'reference'],
  formats: ['core', 'store'],
  ingest: ['core', 'reference', 'store'],
  verify: ['core', 'store', 'ingest'],
  analytics: ['core', 'reference', 'store', 'formats'],
  api: ['core', 'reference', 'store', 'formats', 'analytics', 'reports'],
  reports: ['core', 'charts', 'reference', 'store', 'formats', 'analytics'],
  alerts: ['core', 'reference', 'store', 'formats', 'analytics', 'reports'],
  demo: ['core', 'charts', 'store', 'analytics', 'reports'],
  cli: [
    ...['core', 'reference', 'store', 'formats', 'ingest', 'verify', 'analytics'],
    ...['api', 'reports', 'alerts', 'demo'],
  ],
};

function sources(room: string): string[] {
  return readdirSync(path.join(root, room), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(room, file));
}

function importsOf(file: string): string[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
}

describe('the house', () => {
  test.each(Object.keys(mayImport))('%s imports only what stands under it', (room) => {
    const wrong = sources(room).flatMap((file) =>
      importsOf(file)
        .filter((target) => target.startsWith('.'))
        .map((target) => path.normalize(path.join(path.dirname(file), target)).split(path.sep)[0]!)
        .filter((other) => other !== room && !mayImport[room]!.includes(other))
        .map((other) => `${file} imports ${other}`),
    );
    expect(wrong).toEqual([]);
  });

  test('only store/ knows DuckDB', () => {
    const wrong = Object.keys(mayImport)
      .filter((room) => room !== 'store')
      .flatMap(sources)
      .filter((file) => importsOf(file).some((target) => target.startsWith('@duckdb/')));
    expect(wrong).toEqual([]);
  });

  test('only store/ names an engine: everyone else asks openEngine', () => {
    const wrong = Object.keys(mayImport)
      .filter((room) => room !== 'store')
      .flatMap(sources)
      .filter((file) =>
        importsOf(file).some((target) => /store\/(?:duckdb|trino|athena|lake)\//.test(target)),
      );
    expect(wrong).toEqual([]);
  });

  test('sources stay under 300 lines, tests under 600, and bear no empty names', () => {
    const files = [...Object.keys(mayImport), 'test', 'bench'].flatMap(sources);
    const long = files.filter((file) => {
      const lines = readFileSync(path.join(root, file), 'utf8').split('\n').length;
      return lines > (file.startsWith('test/') ? 600 : 300);
    });
    const nameless = files.filter((file) =>
      /(^|[-/])(utils?|helpers?|manager|common)\./.test(file),
    );
    expect({ long, nameless }).toEqual({ long: [], nameless: [] });
  });
});
