import { z } from 'zod';
import { plural } from '../../core/words.ts';
import { runSql } from '../analysis.ts';
import { CoverageHours, coverage_hours_min } from '../coverage-hours.ts';
import { filters, instant, limit } from '../params.ts';
import { dataSpan, instantText } from './data-end.ts';
import { defineInvestigation, fields } from './investigation.ts';

const row = z.object({
  kind: z
    .string()
    .meta({ description: 'principal_key, principal_region, principal_source or key_account' }),
  subject: z.string().meta({ description: 'principal, or the key of key_account' }),
  object: z.string().meta({ description: 'key, Region, address or caller account that is new' }),
  first_at: fields.first_at,
  last_at: fields.last_at,
  calls: fields.calls,
  subject_is_new: z
    .boolean()
    .meta({ description: 'the subject itself was not seen in the baseline' }),
  verdict: z.enum(['new', 'not_judged']).meta({
    description: `not_judged: fewer than ${coverage_hours_min} hours of the account's log lie in the baseline (definitions: Not judged)`,
  }),
  baseline_to: z.string().meta({ unit: 'instant', description: 'end of the baseline' }),
  baseline_hours: z.number().meta({
    unit: 'h',
    description: 'covered hours of the account in the baseline',
  }),
  account_id: fields.account_id,
  event_id: fields.event_id,
});

/** A row of first-seen.sql. */
type Found = Omit<z.output<typeof row>, 'verdict' | 'baseline_hours'>;

export default defineInvestigation({
  name: 'first-seen',
  topic: 'investigation',
  title: 'First seen',
  question:
    'Which principal uses a key, a Region or an address, and which account a key, that it did not use in the baseline before?',
  audience: ['security'],
  headline: ['verdict', 'kind', 'subject', 'object', 'first_at', 'calls', 'account_id'],
  caveats: [
    'New means new in the logs that were read: a gap in the baseline makes old habits look new.',
    'Addresses are those of direct calls; calls through a service carry the service.',
  ],
  sql: new URL('./first-seen.sql', import.meta.url),
  params: z.object({
    ...filters,
    from: instant
      .optional()
      .describe(
        'end of the baseline and start of what is judged; default: the last day of each account',
      ),
    baseline_from: instant
      .optional()
      .describe('start of the baseline; default: the start of the data'),
    principal: z.string().max(2048).optional().describe('pairs of this principal'),
    key: z.string().max(2048).optional().describe('pairs that name this key'),
    limit: limit(1_000, 100_000),
  }),
  row,
  async run(sql, params, context) {
    const span = await dataSpan(context);
    if (!span) return { rows: [], notes: ['No KMS event was read.'] };
    const start = params.baseline_from ?? span.first;
    const until = params.from
      ? instantText(params.from)
      : 'a day before the last event of each account';
    const notes = [`Baseline: ${instantText(start)} to ${until}.`];
    const coverage = await CoverageHours.read(context, { from: start });
    const found = (await runSql(sql, params, context)) as unknown as Found[];
    const rows = found.map((pair) => {
      const end = Date.parse(pair.baseline_to) / 1000;
      const baseline_hours = coverage.hoursBefore(pair.account_id, null, end);
      const isJudged = baseline_hours >= coverage_hours_min;
      return {
        ...pair,
        baseline_hours,
        verdict: isJudged ? ('new' as const) : ('not_judged' as const),
      };
    });
    const unjudged = rows.filter((pair) => pair.verdict === 'not_judged');
    if (unjudged.length > 0) {
      const accounts = new Set(unjudged.map((pair) => pair.account_id)).size;
      notes.push(
        `Not judged: ${plural(unjudged.length, 'pair')} of ${plural(accounts, 'account')} whose log covers fewer than ${coverage_hours_min} hours of the baseline. They may be as old as the account.`,
      );
    }
    return { rows, notes };
  },
});
