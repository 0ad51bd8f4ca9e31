import { z } from 'zod';
import { runSql } from '../analysis.ts';
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
  event_id: fields.event_id,
});

const day_ms = 86_400_000;

export default defineInvestigation({
  name: 'first-seen',
  topic: 'investigation',
  title: 'First seen',
  question:
    'Which principal uses a key, a Region or an address, and which account a key, that it did not use in the baseline before?',
  audience: ['security'],
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
        'end of the baseline and start of what is judged; default: the last day of the data',
      ),
    baseline_from: instant
      .optional()
      .describe('start of the baseline; default: the start of the data'),
    limit: limit(1_000, 100_000),
  }),
  row,
  async run(sql, params, context) {
    const span = await dataSpan(context);
    if (!span) return { rows: [], notes: ['No KMS event was read.'] };
    const from = params.from ?? new Date(span.last.getTime() - day_ms);
    const start = params.baseline_from ?? span.first;
    const notes = [`Baseline: ${instantText(start)} to ${instantText(from)}.`];
    if (from <= span.first || from <= start) {
      notes.push('The baseline holds no events: everything in the range is new.');
    }
    const rows = (await runSql(sql, { ...params, from }, context)) as z.output<typeof row>[];
    return { rows, notes };
  },
});
