import type { Analysis } from '../../analytics/analysis.ts';
import { defaultConfig, type Config } from '../../core/config.ts';
import type { RelatedEvent } from '../../store/batch/event-batch.ts';
import type { KmsEvent } from '../../store/relations.ts';
import { withEvents } from './events.ts';

export type Row = Record<string, unknown>;

/** Runs an analysis over these events in a fresh database; every row is checked against its schema. */
export function runAnalysis(
  analysis: Analysis,
  events: readonly KmsEvent[],
  params: Row = {},
  options: { related?: RelatedEvent[]; config?: Config } = {},
): Promise<{ rows: Row[]; notes: string[]; truncated: boolean }> {
  return withEvents(
    events,
    async (engine) => {
      const result = await analysis.execute(params, {
        engine,
        config: options.config ?? defaultConfig,
      });
      for (const row of result.rows) analysis.row.strict().parse(row);
      return result;
    },
    options.related,
  );
}

/** The rows with only these fields, as arrays. */
export function pick(rows: readonly Row[], ...fields: string[]): unknown[][] {
  return rows.map((row) => fields.map((field) => row[field]));
}
