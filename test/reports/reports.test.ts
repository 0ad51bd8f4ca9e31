import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportCommand } from '../../cli/report-command.ts';
import { runCommand } from '../../cli/run-command.ts';
import { readConfig } from '../../core/config.ts';
import { reports } from '../../reports/all-reports.ts';
import { reportHtml } from '../../reports/render-html.ts';
import { tablesOf, type Fold, type Report, type ReportSource } from '../../reports/report.ts';
import { openDatabase } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { demoDatabase, type DemoDatabase } from '../support/demo-database.ts';
import { htmlTables, markdownTables, says } from '../support/report-cells.ts';
import { rawRequest, withServer } from '../support/server.ts';

type Row = Record<string, unknown>;

const scratch = mkdtempSync(join(tmpdir(), 'keymeter-reports-'));
const culprit = 'arn:aws:iam::111122223333:user/j.doe';
let demo: DemoDatabase;
const made = new Map<string, Report>();
/** Rows of every source that the reports name, as the API and as the command line give them. */
const byApi = new Map<string, Row[]>();
const byCli = new Map<string, Row[]>();

const idOf = (source: ReportSource) => JSON.stringify([source.analysis, source.params]);

function sourcesOf(report: Report): ReportSource[] {
  const charts = report.sections.flatMap((section) => section.charts);
  const all = [...report.headline, ...charts, ...tablesOf(report)].flatMap((part) =>
    part.source ? [part.source] : [],
  );
  return [...new Map(all.map((source) => [idOf(source), source])).values()];
}

async function askCli(source: ReportSource): Promise<Row[]> {
  const out = join(scratch, 'answer.json');
  const flags = Object.entries(source.params).flatMap(([name, value]) => [
    `--${name.replaceAll('_', '-')}`,
    value,
  ]);
  const args = [source.analysis, '--db', demo.database, '--config', demo.configFile];
  const run = await runCommand();
  await run.parseAsync([...args, '--format', 'json', '--out', out, ...flags], { from: 'user' });
  return (JSON.parse(readFileSync(out, 'utf8')) as { rows: Row[] }).rows;
}

beforeAll(async () => {
  demo = await demoDatabase(3);
  const database = await openDatabase(demo.database, { readOnly: true });
  const engine = new DuckDbEngine(database);
  const config = readConfig(demo.configFile);
  const wanted = [
    ['overview', {}],
    ['finops', {}],
    ['capacity', {}],
    ['security', {}],
    ['security of a principal', { principal: culprit }],
    ['overview of one account', { filters: { account: '777788889999', from: '2026-10-20' } }],
  ] as const;
  for (const [name, options] of wanted) {
    made.set(name, await reports[name.split(' ')[0]!]!({ engine, config }, options));
  }
  const sources = new Map(
    [...made.values()].flatMap(sourcesOf).map((source) => [idOf(source), source]),
  );
  await withServer(
    engine,
    async (server) => {
      for (const [id, source] of sources) {
        const query = new URLSearchParams(source.params).toString();
        const path = `/api/v1/analyses/${source.analysis}?${query}`;
        const answer = await rawRequest(server.port, path);
        expect(answer.status, path).toBe(200);
        byApi.set(id, answer.json().rows as Row[]);
      }
    },
    { config },
  );
  engine.close();
  database.close();
  for (const [id, source] of sources) byCli.set(id, await askCli(source));
});

afterAll(() => {
  demo.remove();
  rmSync(scratch, { recursive: true });
});

/** A figure worked out anew over rows of the API. */
function figureOf(rows: readonly Row[], fold: Fold): unknown {
  let kept = [...rows];
  for (const [column, value] of Object.entries(fold.where ?? {})) {
    kept = kept.filter((row) => row[column] === value);
  }
  if (fold.kind === 'rows') return kept.length;
  if (fold.kind === 'first') return kept[0]?.[fold.column!] ?? null;
  let sum = 0;
  for (const row of kept) sum += Number(row[fold.column!] ?? 0);
  return sum;
}

describe('every report on the demo trail', () => {
  it('is made of analyses, and has something to say', () => {
    for (const [name, report] of made) {
      expect(tablesOf(report).length, name).toBeGreaterThan(2);
      expect(sourcesOf(report).length, name).toBeGreaterThan(3);
      const names = tablesOf(report).map((table) => table.name);
      expect(new Set(names).size, name).toBe(names.length);
      expect(new Set(report.notes).size, name).toBe(report.notes.length);
    }
  });

  it('shows the same headline figures as API and command line', () => {
    for (const [name, report] of made) {
      for (const figure of report.headline) {
        for (const rows of [byApi, byCli]) {
          const again = figureOf(rows.get(idOf(figure.source))!, figure.fold);
          const what = `${name}: ${figure.label}`;
          if (typeof figure.value === 'number') expect(again, what).toBeCloseTo(figure.value, 9);
          else expect(again, what).toBe(figure.value);
        }
      }
    }
  });

  it('shows in each table rows of the API, which are those of the command line', () => {
    for (const [name, report] of made) {
      for (const table of tablesOf(report)) {
        if (!table.source) continue;
        const api = byApi.get(idOf(table.source))!;
        expect(byCli.get(idOf(table.source)), table.name).toEqual(api);
        const columns = table.columns.map((column) => column.name);
        const there = new Set(
          api.map((row) => JSON.stringify(columns.map((column) => row[column] ?? null))),
        );
        for (const row of table.rows) {
          const text = JSON.stringify(columns.map((column) => row[column]));
          expect(there.has(text), `${name}, ${table.name}: ${text}`).toBe(true);
        }
      }
    }
  });

  it('draws what the API says', () => {
    for (const report of made.values()) {
      for (const chart of report.sections.flatMap((section) => section.charts)) {
        const rows = byApi.get(idOf(chart.source))!;
        const all = rows.reduce((sum, row) => sum + Number(row[chart.value_column] ?? 0), 0);
        const drawn = chart.points.reduce((sum, point) => sum + point.value, 0);
        if (chart.shape === 'columns' && chart.source.analysis === 'call-rates') {
          expect(drawn, chart.title).toBe(all);
        } else expect(drawn, chart.title).toBeLessThanOrEqual(all + 1e-9);
        expect(chart.points.length).toBeGreaterThan(1);
      }
    }
  });
});

describe('a report in each of its forms', () => {
  const reportOf = async (name: string, format: string) => {
    const out = join(scratch, `${name}.${format}`);
    const args = [name, '--db', demo.database, '--config', demo.configFile, '--format', format];
    await reportCommand().parseAsync([...args, '--out', out], { from: 'user' });
    // The commands in it name the database that was asked.
    const where = ` --db ${demo.database} --config ${demo.configFile}`;
    return readFileSync(out, 'utf8').replaceAll(where, '');
  };

  it.each(['overview', 'finops', 'capacity', 'security'])(
    'has the same numbers: %s as JSON, HTML and Markdown from the command line',
    async (name) => {
      const report = made.get(name)!;
      expect(JSON.parse(await reportOf(name, 'json'))).toEqual(JSON.parse(JSON.stringify(report)));
      const html = htmlTables(await reportOf(name, 'html'));
      const markdown = markdownTables(await reportOf(name, 'markdown'));
      const tables = tablesOf(report);
      expect(html.length).toBe(tables.length);
      let numbers = 0;
      for (const [i, table] of tables.entries()) {
        for (const lines of [html[i]!, markdown.get(table.title)!]) {
          expect(lines.length, table.name).toBe(table.rows.length);
          for (const [j, row] of table.rows.entries()) {
            const wrong = table.columns.filter(
              (column, k) => !says(lines[j]![k] ?? '–', row[column.name], column.unit),
            );
            expect([table.name, lines[j], wrong]).toEqual([table.name, lines[j], []]);
            numbers += Object.values(row).filter((value) => typeof value === 'number').length;
          }
        }
      }
      expect(numbers).toBeGreaterThan(20);
    },
  );
});

describe('the finops report', () => {
  const rowsOf = (analysis: string, params: Record<string, string>) =>
    byApi.get(idOf({ analysis, params }))!;
  const total = (rows: readonly Row[]) => Number(rows[0]!['cost_usd']);
  const parts = (rows: readonly Row[]) =>
    rows
      .filter((row) => row['row_kind'] === 'group' || row['row_kind'] === 'others')
      .reduce((sum, row) => sum + Number(row['cost_usd']), 0);

  it('costs the same by key, service, principal, price class and day, and ties to its headline', () => {
    const tables = [
      rowsOf('request-cost', { by: 'key' }),
      rowsOf('request-cost', { by: 'service' }),
      rowsOf('request-cost', { by: 'principal' }),
      rowsOf('request-cost', { by: 'price_class' }),
      rowsOf('request-cost', { by: 'region', per: 'day', limit: '10000' }),
    ];
    const headline = made
      .get('finops')!
      .headline.find((f) => f.label === 'requests in the range, before the free tier')!;
    for (const rows of tables) {
      expect(parts(rows)).toBeCloseTo(total(rows), 9);
      expect(total(rows)).toBeCloseTo(Number(headline.value), 9);
    }
    const drawn = made
      .get('finops')!
      .sections.flatMap((section) => section.charts)
      .find((chart) => chart.label_column === 'day_from')!
      .points.reduce((sum, point) => sum + point.value, 0);
    expect(drawn).toBeCloseTo(Number(headline.value), 9);
  });

  it('writes each table to a file of its own as CSV', async () => {
    const out = join(scratch, 'tables');
    const args = ['finops', '--db', demo.database, '--config', demo.configFile];
    await reportCommand().parseAsync([...args, '--format', 'csv', '--out', out], { from: 'user' });
    for (const table of tablesOf(made.get('finops')!)) {
      const text = readFileSync(join(out, `${table.name}.csv`), 'utf8');
      expect(text.split('\r\n')[0]).toBe(table.columns.map((column) => column.name).join(','));
    }
    const cost = readFileSync(join(out, 'cost-by-key.csv'), 'utf8').split('\r\n')[1]!.split(',');
    expect(Number(cost[2])).toBeCloseTo(total(rowsOf('request-cost', { by: 'key' })), 12);
  });
});

describe('the security report of a principal', () => {
  it('tells the mass decrypt, with the files that prove it', () => {
    const report = made.get('security of a principal')!;
    const calls = report.headline.find((figure) => figure.label === 'KMS calls of the principal');
    expect(calls?.value).toBe(600);
    const reached = report.sections.find((section) => section.title === 'What was reached')!;
    expect(reached.findings).toContain('600 × s3 object (600 calls).');
    const records = tablesOf(report).find((table) => table.name === 'records')!;
    expect(records.rows.length).toBeGreaterThan(0);
    for (const row of records.rows) expect(row['content_sha256']).toMatch(/^[0-9a-f]{64}$/);
  });

  it('speaks only of that principal', () => {
    const report = made.get('security of a principal')!;
    for (const table of tablesOf(report)) {
      if (['records', 'files', 'blast-radius'].includes(table.name)) continue;
      for (const row of table.rows) {
        expect(JSON.stringify(row), table.name).toContain(culprit);
      }
    }
    const rules = tablesOf(report).find((table) => table.name === 'detections')!;
    expect(rules.rows.map((row) => row['rule'])).toEqual(['mass-decrypt']);
  });
});

describe('the page of a report', () => {
  it('needs nothing from elsewhere', () => {
    for (const [name, report] of made) {
      const html = reportHtml(report);
      expect(html, name).not.toMatch(/<(script|link|img|iframe|object|embed|form|base)\b/i);
      expect(html, name).not.toMatch(/\s(src|href|on\w+|style)=/i);
      expect(html, name).not.toMatch(/url\(|@import/i);
    }
  });
});
