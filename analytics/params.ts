import { z } from 'zod';
import { parseInstant } from '../core/time.ts';

/** Ways to write an instant. */
export const instantExamples = ['2026-10-05T12:00:00Z', '2026-10-05', '7d'];

/** An instant: ISO 8601 (date or date-time, UTC) or relative to now such as `7d`, `12h`. */
export const instant = z
  .union([z.date(), z.string()])
  .transform((value, context) => {
    const parsed = value instanceof Date ? value : parseInstant(value, new Date());
    if (parsed === null) {
      context.addIssue({
        code: 'custom',
        message: 'not an instant; write 2026-10-05, 2026-10-05T12:00:00Z or 7d',
      });
      return z.NEVER;
    }
    return parsed;
  })
  .meta({ type: 'string', format: 'date-time', examples: instantExamples });

/** true/false from a URL or a command line. */
export const flag = z
  .union([z.boolean(), z.enum(['true', 'false'])])
  .transform((value) => value === true || value === 'true');

/** The range and filters that every analysis over events takes. Half-open `[from, to)`, UTC. */
export const filters = {
  from: instant.optional().describe('start of the range, inclusive (UTC)'),
  to: instant
    .optional()
    .describe('end of the range, exclusive (UTC); default: the end of the data'),
  account: z.string().max(64).optional().describe('caller account id'),
  region: z.string().max(64).optional().describe('AWS Region'),
};

export interface FilterValues {
  from?: Date | undefined;
  to?: Date | undefined;
  account?: string | undefined;
  region?: string | undefined;
}

/** How many rows at most; the result says when more were cut off. */
export const limit = (rows: number, rows_max = 10_000) =>
  z.coerce.number().int().min(1).max(rows_max).default(rows).describe('rows at most');
