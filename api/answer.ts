import type { Analysis } from '../analytics/analysis.ts';
import type { Config } from '../core/config.ts';
import { inSnapshot, type Engine } from '../store/engine.ts';
import { csvOf } from '../formats/csv.ts';
import type { Format } from './negotiate.ts';
import { parquetOf } from '../formats/parquet.ts';

/** Rows at most in one answer, also of an analysis that has no limit parameter. */
export const rows_max = 100_000;

/** A question with its parameters, as one client asks it. */
export interface Question {
  analysis: Analysis;
  /** As given; `params` are the same as they were understood. */
  raw: Record<string, unknown>;
  params: Record<string, unknown>;
  format: Format;
}

type Body = string | Uint8Array<ArrayBuffer>;

/** A finished answer and the state of the data that it is of. */
export interface Answer {
  data_version: string;
  truncated: boolean;
  /** When it was finished, milliseconds since the epoch, and how long it took. */
  made_at: number;
  took_ms: number;
  /** The body's length, in characters or bytes. */
  size: number;
  /** The body as it goes out, in JSON with these notes beside its own. */
  body(notes?: readonly string[]): Body;
}

/**
 * Computes an answer from one snapshot of the data, so that whatever is committed meanwhile all its
 * numbers are of the version that it names.
 */
export async function answerTo(
  question: Question,
  engine: Engine,
  config: Config,
  signal: AbortSignal,
): Promise<Answer> {
  const started = performance.now();
  const { analysis, raw } = question;
  const answered = async (snapshot: Engine) => {
    const data_version = await snapshot.dataVersion();
    return { data_version, ...(await analysis.execute(raw, { engine: snapshot, config, signal })) };
  };
  const result = await inSnapshot(engine, answered);
  const truncated = result.truncated || result.rows.length > rows_max;
  const rows = result.rows.slice(0, rows_max);
  const took_ms = performance.now() - started;
  return answerOf(question, { ...result, rows, truncated }, { made_at: Date.now(), took_ms });
}

/** The answer of finished rows. */
export async function answerOf(
  question: Question,
  content: Content,
  { made_at, took_ms }: Pick<Answer, 'made_at' | 'took_ms'>,
): Promise<Answer> {
  const { data_version, truncated } = content;
  const body = await bodyOf(question, content);
  return { data_version, truncated, made_at, took_ms, size: body().length, body };
}

export interface Content {
  data_version: string;
  rows: Record<string, unknown>[];
  notes: string[];
  truncated: boolean;
}

async function bodyOf(
  { analysis, params, format }: Question,
  { data_version, rows, notes, truncated }: Content,
): Promise<Answer['body']> {
  const columns = Object.keys(analysis.row.shape);
  if (format === 'json') {
    const before = `{"analysis":${JSON.stringify(analysis.name)},"rows":${JSON.stringify(rows)},"notes":`;
    const after = `,${JSON.stringify({ truncated, params, data_version }).slice(1)}`;
    const whole = `${before}${JSON.stringify(notes)}${after}`;
    return (more) => (more ? `${before}${JSON.stringify([...more, ...notes])}${after}` : whole);
  }
  const body =
    format === 'ndjson'
      ? rows.map((row) => `${JSON.stringify(row)}\n`).join('')
      : format === 'csv'
        ? csvOf(columns, rows)
        : await parquetOf(columns, rows);
  return () => body;
}
