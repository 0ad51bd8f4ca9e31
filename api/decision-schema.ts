import { z } from 'zod';
import { decisionSchema } from '../core/decisions.ts';

/** The only address that takes a change. */
export const decisionsPath = '/api/v1/decisions';

/** What a client sends; `open` takes an earlier decision back and needs no reason. */
export const decisionBody = z.discriminatedUnion('decision', [
  z.strictObject({
    ...decisionSchema.pick({ rule: true, principal_arn: true, reason: true }).shape,
    decision: z.enum(['acknowledged', 'suppressed']),
  }),
  z.strictObject({
    ...decisionSchema.pick({ rule: true, principal_arn: true }).shape,
    decision: z.literal('open'),
    reason: z.string().max(500).optional(),
  }),
]);
