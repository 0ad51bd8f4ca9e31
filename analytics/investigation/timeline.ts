import { z } from 'zod';
import { filters, flag, limit } from '../params.ts';
import { fields } from './investigation.ts';

/** Parameters that all timelines share. */
export const timelineParams = {
  ...filters,
  operation: z
    .string()
    .max(128)
    .optional()
    .describe('only this operation (event name), such as Decrypt'),
  outcome: z
    .enum(['success', 'throttled', 'denied', 'dry_run', 'failed'])
    .optional()
    .describe('only calls that ended so'),
  fold_s: z.coerce
    .number()
    .int()
    .min(0)
    .max(86_400)
    .default(300)
    .describe('like calls at most this many seconds apart make one run'),
  single_events: flag
    .default(false)
    .describe('every event in a row of its own instead of runs (the drill-down)'),
  limit: limit(1_000, 100_000),
};

const same = (what: string) => ({ description: `${what}; null when it differs within the run` });

/** A run of like calls: same source of events, operation, outcome, principal, key, service and address. */
export const timelineRow = z.object({
  first_at: fields.first_at,
  last_at: fields.last_at,
  events: z.number().meta({ unit: 'events', description: 'events of the run' }),
  calls: fields.calls,
  event_source: z
    .string()
    .meta({ description: 'kms.amazonaws.com, or the service of a related event' }),
  operation: z.string().meta({ description: 'event name' }),
  outcome: z.string().meta({ description: 'success, throttled, denied, dry_run or failed' }),
  error_code: z.string().nullable().meta({ description: 'errorCode' }),
  principal_arn: fields.principal_arn,
  key: fields.key,
  region: fields.region,
  via_service: z
    .string()
    .nullable()
    .meta({ description: 'service that called on behalf of the principal' }),
  caller_source: z.string().nullable().meta({ description: 'sourceIPAddress as logged' }),
  session_name: z.string().nullable().meta(same('role session name')),
  access_key_id: z.string().nullable().meta(same('access key id')),
  user_agent: z.string().nullable().meta(same('user agent (written by the caller)')),
  resource_arn: z.string().nullable().meta(same('resource that the encryption context names')),
  event_id: z
    .string()
    .meta({ description: 'an event of the run (the smallest id), to fetch its record' }),
});

export const timelineCaveats = [
  'Runs are of like calls: same operation, outcome, error, principal, key, service and address, at most fold_s seconds apart. single_events shows each.',
  'eventTime is when a call was completed, in whole seconds: the order within a second is not known.',
  'Calls that a service makes on behalf of a principal carry the service as address; see origins for the address behind them.',
];

/** The columns that a timeline shows first. */
export const timelineHeadline = [
  'first_at',
  'operation',
  'outcome',
  'principal_arn',
  'key',
  'caller_source',
  'events',
  'event_id',
] as const;
