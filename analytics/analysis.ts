import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import type { Config } from '../core/config.ts';
import type { Engine, SqlParams } from '../store/engine.ts';

export type Audience = 'finops' | 'capacity' | 'security';

/** What an analysis is run with. */
export interface AnalysisContext {
  engine: Engine;
  config: Config;
  /** The query is interrupted after this many milliseconds. */
  deadline_ms?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface AnalysisResult<Row> {
  rows: Row[];
  /** Sentences that a reader needs beside the rows: assumptions, gaps, lower bounds. */
  notes: string[];
  /** True when `limit` cut rows off. */
  truncated: boolean;
}

/** The parts of a module that its author writes. */
export interface AnalysisDefinition<P extends z.ZodObject, R extends z.ZodObject> {
  /** kebab-case; the name in CLI, API, docs and pages. */
  name: string;
  topic: string;
  title: string;
  /** The question in the reader's words. */
  question: string;
  audience: readonly Audience[];
  /** What the numbers do not show, what is a lower bound, what is assumed. */
  caveats: readonly string[];
  /** `new URL('./name.sql', import.meta.url)`. */
  sql: URL;
  params: P;
  row: R;
  /**
   * The 5 to 8 columns that tables show first, the most important first. Needed when the row has more
   * than 8; a narrow row is shown whole.
   */
  headline?: readonly (keyof z.output<R> & string)[];
  /** Parameters for the docs' example; must give rows on the demo trail. */
  example?: Record<string, string>;
  /**
   * Computes the rows; without it the SQL's rows are the result. Gets the SQL's text and the
   * parsed parameters; rows that come back are checked against `row` in tests.
   */
  run?: (
    sql: string,
    params: z.output<P>,
    context: AnalysisContext,
  ) => Promise<{ rows: z.output<R>[]; notes?: string[] }>;
  /** Notes that depend on the rows. */
  notes?: (rows: z.output<R>[], params: z.output<P>) => string[];
}

/** An analysis as the registry, CLI and API see it. */
export interface Analysis {
  name: string;
  topic: string;
  title: string;
  question: string;
  audience: readonly Audience[];
  caveats: readonly string[];
  params: z.ZodObject;
  row: z.ZodObject;
  /** Columns that tables show first; see `headlineOf` in columns.ts. */
  headline: readonly string[];
  example: Record<string, string>;
  /** The analysis' SQL text. */
  sqlText: string;
  /** Parses raw parameters (strings from CLI or URL) and computes; throws ZodError on bad ones. */
  execute(raw: unknown, context: AnalysisContext): Promise<AnalysisResult<Record<string, unknown>>>;
}

/** Makes an analysis of its definition. */
export function defineAnalysis<P extends z.ZodObject, R extends z.ZodObject>(
  definition: AnalysisDefinition<P, R>,
): Analysis {
  const sqlText = readFileSync(fileURLToPath(definition.sql), 'utf8');
  const { name, topic, title, question, audience, caveats, params, row } = definition;
  return {
    name,
    topic,
    title,
    question,
    audience,
    caveats,
    params,
    row,
    headline: definition.headline ?? [],
    example: definition.example ?? {},
    sqlText,
    async execute(raw, context) {
      const parsed = params.parse(raw);
      const limit = (parsed as { limit?: number }).limit;
      const outcome = definition.run
        ? await definition.run(sqlText, parsed, context)
        : { rows: (await runSql(sqlText, parsed, context)) as z.output<R>[] };
      const truncated = limit !== undefined && outcome.rows.length > limit;
      const rows = truncated ? outcome.rows.slice(0, limit) : outcome.rows;
      const notes = [
        ...('notes' in outcome ? (outcome.notes ?? []) : []),
        ...(definition.notes?.(rows, parsed) ?? []),
      ];
      return { rows: rows as Record<string, unknown>[], notes, truncated };
    },
  };
}

/**
 * Runs analysis SQL with the parsed parameters bound by name. A `limit` is bound as limit + 1, so that
 * a cut can be told from an exact fit.
 */
export function runSql(
  sql: string,
  params: Record<string, unknown>,
  context: AnalysisContext,
): Promise<Record<string, unknown>[]> {
  return context.engine.rows(sql, sqlParams(params), context);
}

/** Parsed parameters as bound SQL values; undefined is NULL. */
export function sqlParams(params: Record<string, unknown>): SqlParams {
  const bound: Record<string, SqlParams[string]> = {};
  for (const [name, value] of Object.entries(params)) {
    bound[name] =
      name === 'limit' && typeof value === 'number' ? value + 1 : (value as SqlParams[string]);
  }
  return bound;
}
