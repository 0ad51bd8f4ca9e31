import type { Analysis, AnalysisContext } from '../analytics/analysis.ts';
import { analyses } from '../analytics/registry.ts';
import { commandLine } from '../core/command-line.ts';
import { KeymeterError } from '../core/errors.ts';
import type {
  Fold,
  Report,
  ReportChart,
  ReportColumn,
  ReportFigure,
  ReportSection,
  ReportSource,
  ReportTable,
} from './report.ts';

type Row = Record<string, unknown>;

/** More columns than this no reader tells apart: a year and a month of days. */
const points_max_default = 400;

export interface ReportOptions {
  /** Flags that make the commands in the report runnable, such as ` --db keymeter.duckdb`. */
  flags?: string;
  /** Raw parameters that every analysis gets that knows them: from, to, account, region. */
  filters?: Readonly<Record<string, string>>;
}

/** Runs analyses for a report, and gathers what must be said beside their numbers. */
export class ReportBuilder {
  readonly context: AnalysisContext;
  readonly #all: ReadonlyMap<string, Analysis>;
  readonly #flags: string;
  readonly #filters: Readonly<Record<string, string>>;
  readonly #answers = new Map<string, Promise<Answer>>();
  readonly #notes = new Set<string>();
  readonly #sections: ReportSection[] = [];
  readonly #headline: ReportFigure[] = [];

  private constructor(
    context: AnalysisContext,
    all: ReadonlyMap<string, Analysis>,
    options: ReportOptions,
  ) {
    this.context = context;
    this.#all = all;
    this.#flags = options.flags ?? '';
    this.#filters = options.filters ?? {};
  }

  static async open(context: AnalysisContext, options: ReportOptions = {}): Promise<ReportBuilder> {
    return new ReportBuilder(context, await analyses(), options);
  }

  /** Whether the registry has an analysis; a section about one that is not there is left out. */
  has(name: string): boolean {
    return this.#all.has(name);
  }

  /** Those of these parameters that an analysis has. */
  known(name: string, params: Readonly<Record<string, string>>): Record<string, string> {
    const shape = this.#all.get(name)?.params.shape ?? {};
    return Object.fromEntries(Object.entries(params).filter(([param]) => param in shape));
  }

  /** Runs an analysis, once for the same parameters. */
  run(name: string, params: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const id = JSON.stringify([name, params]);
    let answer = this.#answers.get(id);
    if (!answer) this.#answers.set(id, (answer = this.#run(name, params)));
    return answer;
  }

  async #run(name: string, params: Readonly<Record<string, string>>): Promise<Answer> {
    const analysis = this.#all.get(name);
    if (!analysis) {
      throw new KeymeterError('unknown_analysis', `there is no analysis ${name}`, {
        fix: 'this is a fault of keymeter; report it',
      });
    }
    const known = Object.entries(this.#filters).filter(([param]) => param in analysis.params.shape);
    const missing = Object.keys(this.#filters).filter((param) => !(param in analysis.params.shape));
    if (missing.length > 0) {
      this.note(`${analysis.title} cannot be narrowed by ${missing.join(', ')}: it shows all.`);
    }
    const all = { ...Object.fromEntries(known), ...params };
    const result = await analysis.execute(all, this.context);
    const command = `${commandLine(['run', name], all)}${this.#flags}`;
    return new Answer(analysis, { analysis: name, params: all }, command, result);
  }

  /** Says something beside the numbers, once however often it is said. */
  note(...notes: readonly string[]): void {
    for (const note of notes) this.#notes.add(note);
  }

  /** A section; tables without rows and charts without points are left out. */
  section(section: Partial<ReportSection> & Pick<ReportSection, 'title' | 'question'>): void {
    const tables = (section.tables ?? []).filter((table) => table.rows.length > 0);
    const charts = (section.charts ?? []).filter((chart) => chart.points.length > 1);
    const findings = section.findings ?? [];
    if (tables.length + charts.length + findings.length === 0) return;
    this.#sections.push({ ...section, findings, charts, tables });
  }

  headline(...figures: readonly ReportFigure[]): void {
    this.#headline.push(...figures);
  }

  /** A table of rows that no analysis gives. */
  table(parts: Omit<ReportTable, 'source'>): ReportTable {
    return { ...parts, source: null };
  }

  /** The command with the flags of this report. */
  command(words: string): string {
    return `keymeter ${words}${this.#flags}`;
  }

  async finish(name: string, title: string, asked?: Record<string, string>): Promise<Report> {
    const totals = (await this.run('log-totals')).rows[0];
    const said = new Set(this.#sections.flatMap((section) => section.findings));
    return {
      name,
      title,
      range: { from: textOrNull(totals?.['first_at']), to: textOrNull(totals?.['last_at']) },
      asked: asked ?? this.#filters,
      headline: this.#headline,
      sections: this.#sections,
      notes: [...this.#notes].filter((note) => !said.has(note)),
    };
  }
}

/** The result of one analysis, and what a report makes of it. */
export class Answer {
  readonly analysis: Analysis;
  readonly source: ReportSource;
  readonly command: string;
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  readonly truncated: boolean;

  constructor(
    analysis: Analysis,
    source: ReportSource,
    command: string,
    result: { rows: Row[]; notes: string[]; truncated: boolean },
  ) {
    this.analysis = analysis;
    this.source = source;
    this.command = command;
    this.rows = result.rows;
    this.notes = result.notes;
    this.truncated = result.truncated;
  }

  /** The first rows (of those that `keep` keeps) with these columns; a pair gives one another label. */
  table(
    name: string,
    title: string,
    columns: readonly (string | readonly [name: string, label: string])[],
    options: { rows_max?: number; keep?: (row: Row) => boolean } = {},
  ): ReportTable {
    const rows = options.keep ? this.rows.filter(options.keep) : this.rows;
    const rows_max = options.rows_max ?? 10;
    const shown = columns.map((column) =>
      typeof column === 'string'
        ? this.column(column)
        : { ...this.column(column[0]), label: column[1] },
    );
    return {
      name,
      title,
      source: this.source,
      columns: shown,
      rows: rows
        .slice(0, rows_max)
        .map((row) =>
          Object.fromEntries(shown.map((column) => [column.name, row[column.name] ?? null])),
        ),
      command: this.command,
      truncated: this.truncated || rows.length > rows_max,
    };
  }

  figure(label: string, fold: Fold): ReportFigure {
    const unit = fold.column === undefined ? null : this.column(fold.column).unit;
    return { label, value: folded(this.rows, fold), unit, source: this.source, fold };
  }

  chart(
    title: string,
    shape: ReportChart['shape'],
    label_column: string,
    value_column: string,
    options: {
      points_max?: number;
      keep?: (row: Row) => boolean;
      line?: ReportChart['line'];
    } = {},
  ): ReportChart {
    const rows = options.keep ? this.rows.filter(options.keep) : this.rows;
    return {
      title,
      source: this.source,
      unit: this.column(value_column).unit,
      shape,
      label_column,
      value_column,
      points: pointsOf(rows, shape, label_column, value_column).slice(
        0,
        options.points_max ?? points_max_default,
      ),
      line: options.line ?? null,
    };
  }

  column(name: string): ReportColumn {
    const schema = this.analysis.row.shape[name] as
      { meta(): { unit?: string } | undefined } | undefined;
    if (!schema) throw new Error(`${this.analysis.name} has no column ${name}`);
    return { name, label: name.replaceAll('_', ' '), unit: unitOf(schema) };
  }
}

/** The unit stands on a field, or on the field inside a nullable one. */
function unitOf(schema: { meta(): { unit?: string } | undefined; unwrap?: unknown }) {
  const own = schema.meta()?.unit;
  if (own !== undefined || typeof schema.unwrap !== 'function') return own ?? null;
  const inner = schema.unwrap() as { meta?: () => { unit?: string } | undefined };
  return inner.meta?.()?.unit ?? null;
}

/** One point a row; on a time axis one point an instant, rows of the same instant summed, in order. */
function pointsOf(
  rows: readonly Row[],
  shape: ReportChart['shape'],
  label_column: string,
  value_column: string,
): ReportChart['points'] {
  const points = rows.flatMap((row) => {
    const value = row[value_column];
    return typeof value === 'number' ? [{ label: String(row[label_column]), value }] : [];
  });
  if (shape === 'bars') return points;
  const sums = new Map<string, number>();
  for (const { label, value } of points) sums.set(label, (sums.get(label) ?? 0) + value);
  return [...sums]
    .map(([label, value]) => ({ label, value }))
    .sort((a, b) => (a.label < b.label ? -1 : 1));
}

/** The value of a fold over rows; null when no row has it. */
export function folded(rows: readonly Row[], fold: Fold): string | number | null {
  const kept = rows.filter((row) =>
    Object.entries(fold.where ?? {}).every(([column, value]) => row[column] === value),
  );
  if (fold.kind === 'rows') return kept.length;
  const values = kept.map((row) => row[fold.column!]);
  if (fold.kind === 'first') return (values[0] ?? null) as string | number | null;
  const numbers = values.filter((value) => typeof value === 'number');
  // A sum of no rows is zero; a sum of rows whose values are not known is not known.
  if (numbers.length === 0) return fold.kind === 'sum' && kept.length === 0 ? 0 : null;
  return fold.kind === 'sum' ? numbers.reduce((a, b) => a + b, 0) : Math.max(...numbers);
}

const textOrNull = (value: unknown) => (typeof value === 'string' ? value : null);
