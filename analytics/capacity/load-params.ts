import { z } from 'zod';
import { filters, flag } from '../params.ts';

/** Parameters of every analysis over loads of quotas. */
export const loadParams = {
  ...filters,
  quota: z.string().max(64).optional().describe('quota id, such as crypto_symmetric'),
  include_aws_service: flag
    .default(true)
    .describe('count the calls of AWS services that have no account of their own'),
};

/** Said wherever throttled calls are counted. */
export const lowerBound =
  'Throttled calls are a lower bound: AWS logs failed calls only in some scenarios.';
