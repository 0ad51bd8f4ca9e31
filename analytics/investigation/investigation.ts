import { z } from 'zod';
import { defineAnalysis, runSql, type Analysis, type AnalysisDefinition } from '../analysis.ts';
import { coverageNotes, type CoverageScope } from '../coverage-note.ts';

/** An analysis whose every answer carries the coverage of its range in its notes. */
export function defineInvestigation<P extends z.ZodObject, R extends z.ZodObject>(
  definition: AnalysisDefinition<P, R>,
): Analysis {
  return defineAnalysis({
    ...definition,
    async run(sql, params, context) {
      const outcome = definition.run
        ? await definition.run(sql, params, context)
        : { rows: (await runSql(sql, params, context)) as z.output<R>[] };
      const coverage = await coverageNotes(context, params as CoverageScope);
      return {
        rows: outcome.rows,
        notes: [...('notes' in outcome ? (outcome.notes ?? []) : []), ...coverage],
      };
    },
  });
}

/** Fields that rows of several investigations share, with their meaning. */
export const fields = {
  first_at: z
    .string()
    .meta({ unit: 'instant', description: 'first event, copies and history included' }),
  last_at: z
    .string()
    .meta({ unit: 'instant', description: 'last event, copies and history included' }),
  calls: z
    .number()
    .meta({ unit: 'calls', description: 'counted calls (one of the copies of an action)' }),
  account_id: z.string().nullable().meta({ description: 'account that made the call' }),
  region: z.string().nullable().meta({ description: 'AWS Region' }),
  principal_arn: z
    .string()
    .nullable()
    .meta({ description: 'role, user or service that made the call' }),
  key: z
    .string()
    .nullable()
    .meta({ description: 'key ARN; when unresolved, the key as typed in the request' }),
  event_id: z.string().meta({ description: 'eventID, to fetch the original record' }),
};
