import { z } from 'zod';
import { loadParams } from './load-params.ts';

/** Parameters of both forecast analyses. */
export const forecastParams = {
  ...loadParams,
  measure: z
    .enum(['peak', 'p999'])
    .default('peak')
    .describe('busiest second of each day, or the 99.9th percentile of its active seconds'),
  load: z
    .enum(['accepted', 'offered'])
    .default('offered')
    .describe('offered calls (what is asked for), or accepted ones (what got through)'),
  horizon_days: z.coerce
    .number()
    .int()
    .min(1)
    .max(730)
    .default(180)
    .describe('how many days after the last are looked at'),
};

export const forecastCaveats = [
  'A line and a week: what the past repeats. A launch, a migration or a retry storm is not in it.',
  `Days without a call, and the part of a day that the range cuts off, are as the log has them: a first or last day that is not whole can be too low.`,
  'The band is made of the distances of past days from the trend; the back-test says how often it held.',
];
