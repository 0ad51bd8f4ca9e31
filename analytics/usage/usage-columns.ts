import { z } from 'zod';
import { runSql, type AnalysisContext } from '../analysis.ts';
import { bindKey } from '../investigation/key-names.ts';
import { filters, limit, type FilterValues } from '../params.ts';

/** Parameters that the usage analyses share. */
export const usageParams = {
  ...filters,
  key: z.string().max(2048).optional().describe('key ARN, key id, or alias (as of the end)'),
  principal: z.string().max(2048).optional().describe('principal ARN'),
  service: z.string().max(256).optional().describe('service that called on behalf'),
  limit: limit(100),
};

const calls = (description: string) => z.number().meta({ unit: 'calls', description });

/** Columns that the usage analyses share. */
export const usageRow = {
  calls: calls('counted calls, whatever became of them'),
  cryptographic_calls: calls('of these cryptographic operations'),
  throttled_calls: calls('of these throttled (a lower bound)'),
  denied_calls: calls('of these denied'),
  failed_calls: calls('of these failed otherwise'),
  operations: z.number().meta({ unit: 'operations', description: 'distinct operations' }),
  calls_per_second_peak: z
    .number()
    .meta({ unit: 'calls/s', description: 'counted calls in the busiest second' }),
  peak_at: z
    .string()
    .nullable()
    .meta({ unit: 'instant', description: 'the busiest second (the first when equal)' }),
  active_seconds: z.number().meta({ unit: 's', description: 'seconds with at least one call' }),
  first_used_at: z
    .string()
    .meta({ unit: 'instant', description: 'first event, copies and history included' }),
  last_used_at: z
    .string()
    .meta({ unit: 'instant', description: 'last event, copies and history included' }),
};

/**
 * Runs usage SQL with the key bound. Aliases are bound where rows or filters are of keys: a call that failed
 * before KMS resolved its key then belongs to the key that the typed alias meant.
 */
export async function runByKey(
  sql: string,
  params: FilterValues & { key?: string | undefined },
  context: AnalysisContext,
  rowsAreKeys = false,
): Promise<{ rows: Record<string, unknown>[]; notes: string[] }> {
  const { key, aliases, notes } =
    params.key === undefined && !rowsAreKeys
      ? { key: null, aliases: [], notes: [] }
      : await bindKey(context, params.key, params.to);
  return { rows: await runSql(sql, { ...params, key, aliases }, context), notes };
}
