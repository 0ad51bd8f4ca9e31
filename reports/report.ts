import type { Analysis, AnalysisContext } from '../analytics/analysis.ts';
import { analyses } from '../analytics/registry.ts';
import { KeymeterError } from '../core/errors.ts';

/** A table of a report: rows of an analysis, some of its columns, and the command that gives them. */
export interface ReportTable {
  columns: { name: string; label: string; unit: string | null }[];
  rows: Record<string, unknown>[];
  /** The whole table on the command line. */
  command: string;
  truncated: boolean;
}

export interface ReportSection {
  title: string;
  /** What the section answers, in a sentence. */
  question: string;
  /** What it found, in sentences. */
  findings: string[];
  tables: ReportTable[];
  /** Assumptions, gaps, lower bounds. */
  notes: string[];
}

/** A report as data; every renderer (text, Markdown, HTML, JSON, CSV) prints these same numbers. */
export interface Report {
  name: string;
  title: string;
  range: { from: string | null; to: string | null };
  /** The figures a reader wants first. */
  headline: { label: string; value: string | number | null; unit: string | null }[];
  sections: ReportSection[];
}

/** Runs analyses for a report; one missing analysis is a fault, not an empty section. */
export class ReportBuilder {
  readonly context: AnalysisContext;
  readonly #all: ReadonlyMap<string, Analysis>;
  /** The flags that make the commands in the report runnable, such as ` --db keymeter.duckdb`. */
  readonly #flags: string;

  private constructor(context: AnalysisContext, all: ReadonlyMap<string, Analysis>, flags: string) {
    this.context = context;
    this.#all = all;
    this.#flags = flags;
  }

  static async open(context: AnalysisContext, flags = ''): Promise<ReportBuilder> {
    return new ReportBuilder(context, await analyses(), flags);
  }

  /** Runs an analysis: its result, and a table maker over some of its columns. */
  async run(name: string, params: Record<string, string> = {}) {
    const analysis = this.#all.get(name);
    if (!analysis) {
      throw new KeymeterError('unknown_analysis', `there is no analysis ${name}`, {
        fix: 'this is a fault of keymeter; report it',
      });
    }
    const result = await analysis.execute(params, this.context);
    const command = commandOf(name, params, this.#flags);
    const table = (columns: readonly string[], rows_max = 10): ReportTable => ({
      columns: columns.map((column) => columnOf(analysis, column)),
      rows: result.rows.slice(0, rows_max),
      command,
      truncated: result.truncated || result.rows.length > rows_max,
    });
    return { ...result, analysis, table };
  }
}

function commandOf(name: string, params: Record<string, string>, flags: string): string {
  const given = Object.entries(params).map(
    ([param, value]) => ` --${param.replaceAll('_', '-')} ${shellWord(value)}`,
  );
  return `keymeter run ${name}${given.join('')}${flags}`;
}

/** A value as one word of a shell. */
export function shellWord(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

function columnOf(analysis: Analysis, name: string) {
  const schema = analysis.row.shape[name] as { meta(): { unit?: string } | undefined } | undefined;
  if (!schema) throw new Error(`${analysis.name} has no column ${name}`);
  return { name, label: name.replaceAll('_', ' '), unit: schema.meta()?.unit ?? null };
}
