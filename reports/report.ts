/** What a part of a report was computed by: an analysis and its raw parameters. */
export interface ReportSource {
  analysis: string;
  params: Readonly<Record<string, string>>;
}

/** How a figure comes out of the rows of its source; `where` keeps rows with these values. */
export interface Fold {
  kind: 'first' | 'sum' | 'max' | 'rows';
  /** Not needed for `rows`, which counts them. */
  column?: string;
  where?: Readonly<Record<string, string | number | boolean | null>>;
}

/** One number that a reader wants first. */
export interface ReportFigure {
  label: string;
  value: string | number | null;
  unit: string | null;
  source: ReportSource;
  fold: Fold;
}

export interface ReportColumn {
  name: string;
  label: string;
  unit: string | null;
}

/** A table of a report: rows of an analysis, some of its columns, and the command that gives them. */
export interface ReportTable {
  /** kebab-case, unique in the report: names the CSV file and `--table`. */
  name: string;
  title: string;
  /** Null for a table that no analysis gives (evidence: the objects behind events). */
  source: ReportSource | null;
  columns: ReportColumn[];
  rows: Record<string, unknown>[];
  /** The whole table on the command line. */
  command: string;
  truncated: boolean;
}

/** Columns of a source drawn over its rows: one bar a row. */
export interface ReportChart {
  title: string;
  source: ReportSource;
  unit: string | null;
  /** `columns` stand on a time axis; `bars` lie, one a name. */
  shape: 'columns' | 'bars';
  label_column: string;
  value_column: string;
  points: { label: string; value: number }[];
  /** A line across, such as a quota. */
  line: { label: string; value: number } | null;
}

export interface ReportSection {
  title: string;
  /** What the section answers, in a sentence. */
  question: string;
  /** What it found, in sentences. */
  findings: string[];
  charts: ReportChart[];
  tables: ReportTable[];
}

/** A report as data; every renderer (text, Markdown, HTML, JSON, CSV) prints these same numbers. */
export interface Report {
  name: string;
  title: string;
  /** Instants of the first and last event in what was asked for. */
  range: { from: string | null; to: string | null };
  /** What the reader asked for: --from, --account, --key and so on. */
  asked: Readonly<Record<string, string>>;
  headline: ReportFigure[];
  sections: ReportSection[];
  /** Assumptions, gaps, lower bounds: each once. */
  notes: string[];
}

/** Every table of a report, in order. */
export function tablesOf(report: Report): ReportTable[] {
  return report.sections.flatMap((section) => section.tables);
}
