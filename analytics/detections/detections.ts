import { z } from 'zod';
import { plural } from '../../core/words.ts';
import { runSql } from '../analysis.ts';
import { defineInvestigation } from '../investigation/investigation.ts';
import {
  detectionParams,
  findingHeadline,
  findingRow,
  severities,
  type Finding,
} from './detection.ts';
import { rules } from './rules.ts';

const names = rules.map((rule) => rule.name);

const chosenRules = z
  .string()
  .max(1_000)
  .optional()
  .transform((text, context) => {
    const wanted =
      text
        ?.split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '') ?? [];
    const unknown = wanted.filter(
      (want) => !rules.some((r) => r.name === want || r.rule.id === want),
    );
    if (unknown.length > 0) {
      context.addIssue({
        code: 'custom',
        message: `no rule ${unknown.join(', ')}; there are ${names.join(', ')}`,
      });
    }
    return wanted;
  })
  .meta({ type: 'string', examples: ['mass-decrypt,blindness'] });

export default defineInvestigation({
  name: 'detections',
  topic: 'detections',
  title: 'Detections',
  question:
    'What do the rules find: destruction, opened policies, mass decryption, blinded trails and the rest?',
  audience: ['security'],
  headline: findingHeadline,
  caveats: [
    'A finding states what the log shows; whether it was allowed, and meant, is for the reader.',
    'Thresholds are the defaults of each rule; run a rule by its own name to change them.',
    'A rule that finds nothing says nothing about hours without coverage.',
  ],
  sql: new URL('./detections.sql', import.meta.url),
  params: z.object({
    ...detectionParams,
    rules: chosenRules.describe('names or ids of rules, separated by commas; default: all'),
    severity: z.enum(severities).default('low').describe('findings of this severity or above'),
  }),
  row: findingRow,
  async run(sql, params, context) {
    const chosen = rules.filter(
      (r) =>
        params.rules.length === 0 ||
        params.rules.includes(r.name) ||
        params.rules.includes(r.rule.id),
    );
    const { from, to, account, region, key, principal } = params;
    const scope = { from, to, account, region, key, principal };
    const findings: Finding[] = [];
    // One after the other: each may scan the whole log.
    for (const rule of chosen) {
      findings.push(...(await rule.findings(scope, context)));
    }
    const atLeast = severities.indexOf(params.severity);
    const rows = findings
      .filter((finding) => severities.indexOf(finding.severity) >= atLeast)
      // The gravest first, then the newest; accounts that a rule could not judge at all come last.
      .sort(
        (a, b) =>
          Number(a.events === 0) - Number(b.events === 0) ||
          severities.indexOf(b.severity) - severities.indexOf(a.severity) ||
          compare(b.first_at, a.first_at) ||
          compare(a.rule_id, b.rule_id),
      );
    const [seen] = await runSql(sql, params, context);
    const found = findings.filter((finding) => finding.verdict === 'found');
    const withFinding = new Set(found.map((finding) => finding.rule)).size;
    const notes = [
      `${plural(chosen.length, 'rule')} looked at ${plural(Number(seen?.['events'] ?? 0), 'event')} from ${String(seen?.['first_at'] ?? '(none)')} to ${String(seen?.['last_at'] ?? '(none)')}: ${plural(found.length, 'finding')} of ${plural(withFinding, 'rule')}.`,
    ];
    const unjudged = findings.filter((finding) => finding.verdict === 'not_judged');
    if (unjudged.length > 0) {
      const over = unjudged.filter((finding) => finding.events > 0).length;
      notes.push(
        `${plural(unjudged.length, 'verdict')} could not be reached: too little history of the account to compare with. ${over === 0 ? 'None of them is' : `${over} of them ${over === 1 ? 'is' : 'are'}`} over an absolute threshold. Not judged is not "nothing found".`,
      );
    }
    notes.push(countNote(found));
    return { rows, notes };
  },
});

/** Counted over all findings, before a limit cuts rows off. */
function countNote(rows: readonly Finding[]): string {
  const counts = [...severities].reverse().flatMap((severity) => {
    const count = rows.filter((row) => row.severity === severity).length;
    return count > 0 ? [`${count} ${severity}`] : [];
  });
  const suppressed = rows.filter((row) => row.decision === 'suppressed').length;
  const found = `${rows.length} ${rows.length === 1 ? 'finding' : 'findings'}`;
  const parts = [...counts, ...(suppressed > 0 ? [`${suppressed} of all suppressed`] : [])];
  return parts.length > 0 ? `${found}: ${parts.join(', ')}.` : `${found}.`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
