import { z } from 'zod';
import type { Config } from '../../core/config.ts';
import type { Analysis, AnalysisContext } from '../analysis.ts';
import { Baseline } from './baseline.ts';
import { defineInvestigation } from '../investigation/investigation.ts';
import { filters, limit, type FilterValues } from '../params.ts';

export const severities = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** not_judged: the rule compares with a past of which the log holds too little. */
export const verdicts = ['found', 'not_judged'] as const;

/** What a rule is, apart from its logic. */
export interface Rule {
  /** Stable: findings are known by it. */
  id: string;
  severity: Severity;
  /** MITRE ATT&CK techniques (Enterprise, cloud), the main one first. */
  techniques: readonly { id: string; name: string }[];
  false_positives: readonly string[];
  /** Without this a rule finds nothing, whatever happened: then it is not judged. */
  needs?: RuleNeeds | undefined;
}

export interface RuleNeeds {
  /** Events of other services in the database. */
  related?: boolean;
  /** Days that the log must span. */
  history_days?: number;
}

export interface Detection extends Analysis {
  rule: Rule;
  /** The findings alone, without the coverage of the range; parses raw parameters as `execute` does. */
  findings(raw: unknown, context: AnalysisContext): Promise<Finding[]>;
}

const nullable = (description: string) => z.string().nullable().meta({ description });

/** A finding, of whatever rule. */
export const findingRow = z.object({
  rule: z.string().meta({ description: 'name of the rule' }),
  rule_id: z.string().meta({ description: 'id of the rule' }),
  severity: z.enum(severities).meta({ description: 'low, medium, high or critical' }),
  verdict: z.enum(verdicts).meta({
    description:
      'found, or not_judged: too little history to compare with (definitions: Not judged)',
  }),
  technique: z.string().meta({ description: 'MITRE ATT&CK technique id' }),
  first_at: z.string().meta({ unit: 'instant', description: 'first event of the evidence' }),
  last_at: z.string().meta({ unit: 'instant', description: 'last event of the evidence' }),
  account_id: nullable('account of the caller'),
  region: nullable('AWS Region; null when several'),
  principal_arn: nullable('who did it'),
  key: nullable('key ARN, or as typed; null when several or none'),
  finding: z.string().meta({ description: 'what was seen, in words' }),
  events: z.number().meta({ unit: 'events', description: 'events that make the finding' }),
  evidence_event_ids: z
    .array(z.string())
    .meta({ description: 'eventIDs of the evidence, the first ones in time (20 at most)' }),
  decision: z
    .enum(['open', 'acknowledged', 'suppressed'])
    .meta({ description: 'what a reader decided about the rule and principal' }),
  decision_reason: nullable('why it was decided so'),
  decided_at: nullable('when it was decided'),
});

/** The columns that a list of findings shows first. */
export const findingHeadline = [
  'severity',
  'verdict',
  'finding',
  'principal_arn',
  'key',
  'first_at',
  'account_id',
  'events',
] as const;

export type Finding = z.output<typeof findingRow>;

/** What a rule's SQL gives; `evidence` is a list of event ids in order of time. */
export interface Evidence {
  first_at: string;
  last_at: string;
  account_id: string | null;
  region: string | null;
  principal_arn: string | null;
  key: string | null;
  events: number;
  evidence: string[];
  [column: string]: unknown;
}

export const detectionParams = {
  ...filters,
  key: z.string().max(2048).optional().describe('only findings on this key (ARN)'),
  principal: z.string().max(2048).optional().describe('only findings of this principal'),
  limit: limit(1_000, 100_000),
};

/** Which findings are asked for: a rule looks at all calls, and then shows those of the key and principal. */
interface Subject {
  key?: string | undefined;
  principal?: string | undefined;
}

const ofKeySql = `
  SELECT DISTINCT event_id FROM kms_events
  WHERE event_id IN (SELECT id FROM UNNEST($ids) AS t(id))
    AND (coalesce(key_arn, key_ref) = $key OR destination_key_arn = $key)`;

/** The findings of a key and principal; a finding on several keys is of each that its evidence names. */
async function ofSubject(
  findings: Finding[],
  { key, principal }: Subject,
  context: AnalysisContext,
): Promise<Finding[]> {
  const rows = findings.filter(
    (finding) => principal === undefined || finding.principal_arn === principal,
  );
  if (key === undefined) return rows;
  const ids = rows.filter((row) => row.key === null).flatMap((row) => row.evidence_event_ids);
  const found = ids.length > 0 ? await context.engine.rows(ofKeySql, { ids, key }, context) : [];
  const named = new Set(found.map((row) => String(row['event_id'])));
  return rows.filter(
    (row) => row.key === key || row.evidence_event_ids.some((id) => named.has(id)),
  );
}

export interface DetectionDefinition<P extends z.ZodObject> extends Rule {
  name: string;
  title: string;
  question: string;
  caveats: readonly string[];
  sql: URL;
  /** detectionParams and the rule's thresholds with their defaults. */
  params: P;
  /** What the finding says; null when the row is no finding after all. */
  finding: (row: Evidence, params: z.output<P>) => string | null;
  severityOf?: (row: Evidence, params: z.output<P>) => Severity;
  /** Further values for the SQL, such as the own accounts. */
  bind?: (
    params: z.output<P>,
    context: AnalysisContext,
  ) => Promise<Record<string, string | readonly string[]>>;
  /** For a rule that compares with the past: the covered hours that an account's log must hold before. */
  baselineHours?: (params: z.output<P>) => number;
  /** The rows that compare with the past, where not all do. */
  comparesWithPast?: (row: Evidence) => boolean;
  /** Turns the SQL's rows into evidence where SQL alone cannot. */
  judge?: (
    rows: Record<string, unknown>[],
    params: z.output<P>,
    context: AnalysisContext,
  ) => Promise<Evidence[]>;
}

/** Makes an analysis of a rule: its rows are findings. */
export function defineDetection<P extends z.ZodObject>(
  definition: DetectionDefinition<P>,
): Detection {
  const { id, severity, techniques, false_positives, name, needs } = definition;
  const analysis = defineInvestigation({
    name,
    topic: 'detections',
    title: definition.title,
    question: definition.question,
    audience: ['security'],
    headline: findingHeadline,
    caveats: [
      ...definition.caveats,
      ...false_positives.map((text) => `Known false positive: ${text}`),
    ],
    sql: definition.sql,
    params: definition.params,
    row: findingRow,
    run: async (sql, params, context) => ({ rows: await find(sql, params, context) }),
  });
  const rule = { id, severity, techniques, false_positives, needs };
  const findings = (raw: unknown, context: AnalysisContext) =>
    find(analysis.sqlText, definition.params.parse(raw), context);
  return { ...analysis, rule, findings };

  async function find(
    sql: string,
    params: z.output<P>,
    context: AnalysisContext,
  ): Promise<Finding[]> {
    const more = (await definition.bind?.(params, context)) ?? {};
    const { key, principal, ...rest } = params as Record<string, string>;
    const bound = { ...rest, limit: null, ...more };
    const found = await context.engine.rows(sql, bound, context);
    const evidence = definition.judge
      ? await definition.judge(found, params, context)
      : (found as Evidence[]);
    const baseline = await Baseline.read(definition.baselineHours?.(params), context);
    const rows = evidence.flatMap((row): Finding[] => {
      const finding = definition.finding(row, params);
      if (finding === null) return [];
      const compares = definition.comparesWithPast?.(row) ?? true;
      const missing = compares ? (baseline?.missing(row.account_id, row.first_at) ?? null) : null;
      return [
        {
          rule: name,
          rule_id: id,
          severity: definition.severityOf?.(row, params) ?? severity,
          verdict: missing === null ? 'found' : 'not_judged',
          technique: techniques[0]!.id,
          first_at: row.first_at,
          last_at: row.last_at,
          account_id: row.account_id,
          region: row.region,
          principal_arn: row.principal_arn,
          key: row.key,
          finding: missing === null ? finding : `not judged: ${missing}; ${finding}`,
          events: row.events,
          evidence_event_ids: row.evidence,
          ...decisionOf(name, row.principal_arn, context.config),
        },
      ];
    });
    const listed = new Set(rows.map((row) => row.account_id));
    // An account that could not be judged is no finding on a key or of a principal.
    if (definition.comparesWithPast || key !== undefined || principal !== undefined) {
      return ofSubject(rows, { key, principal }, context);
    }
    for (const unjudged of baseline?.unjudged(params as FilterValues) ?? []) {
      if (listed.has(unjudged.account_id)) continue;
      rows.push({
        rule: name,
        rule_id: id,
        severity: 'low',
        verdict: 'not_judged',
        technique: techniques[0]!.id,
        ...unjudged,
        region: null,
        principal_arn: null,
        key: null,
        events: 0,
        evidence_event_ids: [],
        decision: 'open',
        decision_reason: null,
        decided_at: null,
      });
    }
    return rows;
  }
}

/** What was decided about a rule and principal; open when nothing was. */
function decisionOf(rule: string, principal_arn: string | null, { decisions }: Config) {
  const made = decisions.find((one) => one.rule === rule && one.principal_arn === principal_arn);
  return {
    decision: made?.decision ?? ('open' as const),
    decision_reason: made?.reason ?? null,
    decided_at: made?.decided_at ?? null,
  };
}
