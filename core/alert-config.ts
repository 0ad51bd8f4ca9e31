import { z } from 'zod';

/** A secret by the name of an environment variable or of a file, never by value. */
const secret = z
  .object({ env: z.string().min(1).optional(), file: z.string().min(1).optional() })
  .refine((s) => (s.env === undefined) !== (s.file === undefined), 'give either env or file');
export type Secret = z.output<typeof secret>;

const duration = z
  .string()
  .regex(/^\d{1,6}(s|m|h|d|w)$/, 'write a duration such as 90s, 15m, 2h or 7d');

const receiver = z.discriminatedUnion('kind', [
  z.object({
    name: z.string().min(1),
    kind: z.enum(['webhook', 'slack', 'teams']),
    /** The address is a secret where it holds a token, as those of Slack and Teams do. */
    url: z.union([z.url({ protocol: /^https?$/ }), secret]),
    /** For `webhook`: the value of the Authorization header. */
    authorization: secret.optional(),
  }),
  z.object({
    name: z.string().min(1),
    kind: z.literal('sns'),
    topic_arn: z.string().regex(/^arn:[^:]+:sns:[^:]+:\d{12}:.+$/, 'write the ARN of a topic'),
    endpoint: z.url().optional(),
  }),
  z.object({
    name: z.string().min(1),
    kind: z.literal('smtp'),
    host: z.string().min(1),
    port: z.number().int().min(1).max(65_535).default(587),
    /** True: TLS from the first byte (port 465). False: STARTTLS where the server offers it. */
    secure: z.boolean().default(false),
    user: z.string().optional(),
    password: secret.optional(),
    from: z.string().min(3),
    to: z.array(z.string().min(3)).min(1),
  }),
]);
export type Receiver = z.output<typeof receiver>;

const shared = {
  name: z.string().min(1).max(128),
  /** Names of receivers; absent: all of them. */
  receivers: z.array(z.string()).optional(),
  account: z.string().optional(),
  region: z.string().optional(),
};

const rule = z.discriminatedUnion('kind', [
  z.object({
    ...shared,
    kind: z.literal('quota'),
    percent: z.number().positive().default(80),
    /** How far back from the newest event. */
    within: duration.default('1h'),
    /** Quotas of a few calls a second are full after a few calls: fewer calls in a bin raise no alert. */
    calls_min: z.number().int().min(1).default(10),
  }),
  z.object({
    ...shared,
    kind: z.literal('forecast'),
    within_days: z.number().int().min(1).default(30),
  }),
  z.object({
    ...shared,
    kind: z.literal('throttling'),
    calls_min: z.number().int().min(1).default(1),
    within: duration.default('1h'),
  }),
  z.object({
    ...shared,
    kind: z.literal('detection'),
    severity: z.enum(['low', 'medium', 'high', 'critical']).default('high'),
    /** A finding whose last event is older resolves. */
    within: duration.default('7d'),
  }),
  z.object({
    ...shared,
    kind: z.literal('change'),
    of: z.enum(['calls', 'cost']).default('calls'),
    /** The last whole day against the same weekday before it. */
    rise_percent: z.number().positive().default(50),
    /** Days with less than this raise no alert. */
    calls_min: z.number().int().min(1).default(1_000),
  }),
  z.object({
    ...shared,
    kind: z.literal('delivery'),
    /** An account and Region that delivered before and has been silent for this long. */
    silent_for: duration.default('3h'),
  }),
]);
export type AlertRule = z.output<typeof rule>;

const schedule = z.object({
  name: z.string().min(1).max(128),
  report: z.enum(['overview', 'finops', 'capacity', 'security']),
  every: z.enum(['day', 'week', 'month']).default('week'),
  /** UTC. Weeks begin on Monday, months on the first. */
  at: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'write a time of day such as 07:00')
    .default('07:00'),
  /** The range of the report, back from the newest event. */
  over: duration.optional(),
  receivers: z.array(z.string()).optional(),
});
export type ReportSchedule = z.output<typeof schedule>;

/** The part `alerts` of a configuration. */
export const alertsSchema = z
  .object({
    rules: z.array(rule).default([]),
    receivers: z.array(receiver).default([]),
    reports: z.array(schedule).default([]),
    /** Where the pages are, for links: `https://kms.example.com`. */
    base_url: z.url({ protocol: /^https?$/ }).optional(),
    /** Rules are evaluated after each commit, and no more often than this. */
    every: duration.default('1m'),
  })
  .superRefine((alerts, context) => {
    const names = new Set(alerts.receivers.map((one) => one.name));
    for (const part of ['rules', 'reports'] as const) {
      alerts[part].forEach((one, i) => {
        for (const name of one.receivers ?? []) {
          if (names.has(name)) continue;
          const path = [part, i, 'receivers'];
          context.addIssue({ code: 'custom', path, message: `there is no receiver ${name}` });
        }
      });
      const twice = alerts[part].find(
        (one, i) => alerts[part].findIndex((o) => o.name === one.name) !== i,
      );
      if (twice) {
        context.addIssue({ code: 'custom', path: [part], message: `two are named ${twice.name}` });
      }
    }
  });
export type AlertsConfig = z.output<typeof alertsSchema>;
