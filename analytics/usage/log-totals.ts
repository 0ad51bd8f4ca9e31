import { z } from 'zod';
import { defineAnalysis } from '../analysis.ts';
import { runByKey } from './usage-columns.ts';
import { filters } from '../params.ts';

const count = (unit: string, description: string) => z.number().meta({ unit, description });
const at = (description: string) => z.string().nullable().meta({ unit: 'instant', description });

export default defineAnalysis({
  name: 'log-totals',
  topic: 'usage',
  title: 'Totals of the log',
  question: 'What does the log hold: how many calls, what became of them, of how many keys?',
  audience: ['finops', 'capacity', 'security'],
  headline: [
    'calls',
    'throttled_calls',
    'denied_calls',
    'keys',
    'principals',
    'accounts',
    'first_at',
    'last_at',
  ],
  caveats: [
    'Throttled calls are a lower bound: AWS logs failed calls only in some scenarios.',
    'Keys are those that a record resolves; AWS owned keys never appear.',
  ],
  sql: new URL('./log-totals.sql', import.meta.url),
  params: z.object({
    ...filters,
    key: z.string().max(2048).optional().describe('key ARN, key id, or alias (as of the end)'),
    principal: z.string().max(2048).optional().describe('role, user or session ARN, or service'),
  }),
  async run(sql, params, context) {
    const { rows, notes } = await runByKey(sql, params, context);
    return { rows: rows as never[], notes };
  },
  row: z.object({
    first_at: at('first event, copies and history included'),
    last_at: at('last event'),
    events: count('events', 'distinct KMS events'),
    calls: count('calls', 'counted calls: one for each action, API calls only'),
    successful_calls: count('calls', 'of these successful'),
    throttled_calls: count('calls', 'of these throttled (a lower bound)'),
    denied_calls: count('calls', 'of these denied'),
    failed_calls: count('calls', 'of these failed otherwise, dry runs included'),
    keys: count('keys', 'distinct key ARNs'),
    principals: count('principals', 'distinct principals'),
    accounts: count('accounts', 'distinct accounts that made calls'),
    regions: count('Regions', 'distinct Regions'),
  }),
});
