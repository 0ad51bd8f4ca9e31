import { z } from 'zod';

/** By what load is told apart; `resource` is the bucket, table, secret or other named thing. */
export const dimension = z
  .enum(['principal', 'session', 'service', 'key', 'resource', 'operation', 'class'])
  .default('principal')
  .describe('dimension that splits the calls; class tells AWS services without an account apart');
