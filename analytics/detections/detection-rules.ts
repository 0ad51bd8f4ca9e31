import { z } from 'zod';
import { plural } from '../../core/words.ts';
import { runSql } from '../analysis.ts';
import { defineInvestigation } from '../investigation/investigation.ts';
import { filters } from '../params.ts';
import { severities, type Detection } from './detection.ts';
import { rules } from './rules.ts';

const states = ['found', 'nothing found', 'not judged'] as const;

const row = z.object({
  rule: z.string().meta({ description: 'name of the rule' }),
  severity: z.enum(severities).meta({ description: 'of its findings, unless one is graver' }),
  state: z.enum(states).meta({ description: 'not judged: what the rule needs is not in the log' }),
  findings: z.number().meta({ unit: 'findings', description: 'open and acknowledged ones' }),
  suppressed: z.number().meta({ unit: 'findings', description: 'ones that were suppressed' }),
  reason: z.string().nullable().meta({ description: 'why the rule was not judged' }),
  question: z.string().meta({ description: 'what the rule looks for' }),
});

export default defineInvestigation({
  name: 'detection-rules',
  topic: 'detections',
  title: 'Rules and what they could judge',
  question: 'Which rules found something, which found nothing, and which could not be judged?',
  audience: ['security'],
  headline: ['rule', 'severity', 'state', 'findings', 'suppressed', 'reason'],
  caveats: [
    'A rule is judged when what it needs is in the database at all; it may still miss hours without coverage.',
  ],
  sql: new URL('./detection-rules.sql', import.meta.url),
  params: z.object({ ...filters }),
  row,
  async run(sql, params, context) {
    const { from, to, account, region } = params;
    const scope = { from, to, account, region };
    const [seen] = await runSql(sql, scope, context);
    const facts = {
      events: Number(seen?.['events'] ?? 0),
      related: Number(seen?.['related'] ?? 0),
      days: Number(seen?.['days'] ?? 0),
    };
    const rows: z.output<typeof row>[] = [];
    for (const rule of rules) {
      const reason = notJudged(rule, facts);
      const all = reason === null ? await rule.findings(scope, context) : [];
      const found = all.filter((one) => one.verdict === 'found');
      const unjudged = all.length - found.length;
      const suppressed = found.filter((one) => one.decision === 'suppressed').length;
      const history =
        unjudged > 0 ? `too little history to compare with in ${plural(unjudged, 'case')}` : null;
      rows.push({
        rule: rule.name,
        severity: rule.rule.severity,
        state: stateOf(reason ?? history, found.length),
        findings: found.length - suppressed,
        suppressed,
        reason: reason ?? history,
        question: rule.question,
      });
    }
    return { rows };
  },
});

/** What was found counts, whatever else could not be judged. */
function stateOf(reason: string | null, found: number): (typeof states)[number] {
  if (found > 0) return 'found';
  return reason === null ? 'nothing found' : 'not judged';
}

/** Why a rule cannot say anything about this log; null when it can. */
function notJudged(
  { rule: { needs } }: Detection,
  facts: { events: number; related: number; days: number },
): string | null {
  if (facts.events === 0) return 'there is no KMS event in the range';
  if (needs?.related && facts.related === 0) {
    return 'there is no event of other services in the database: ingest without --related none';
  }
  const days = needs?.history_days ?? 0;
  if (facts.days < days) {
    return `the log up to the end of the range spans ${facts.days} days, and the rule needs ${days}`;
  }
  return null;
}
