import { z } from 'zod';
import { defineAnalysis } from '../analysis.ts';
import { coverageNotes } from '../coverage-note.ts';
import { limit } from '../params.ts';
import { loadParams, lowerBound } from './load-params.ts';
import { quotaLoads } from './quota-loads.ts';
import { utilisationRow, utilisationRowSchema } from './utilisation-row.ts';

export default defineAnalysis({
  name: 'quota-utilisation',
  topic: 'capacity',
  title: 'Quota utilisation',
  question: 'How near is each account and Region to each KMS request quota, second by second?',
  audience: ['capacity'],
  headline: [
    'quota_name',
    'caller_account_id',
    'region',
    'utilisation_peak_percent',
    'accepted_peak',
    'limit_per_second',
    'accepted_peak_at',
    'throttled_calls',
  ],
  caveats: [
    'Utilisation is of accepted load (offered less throttled); the demand beside it is of offered load.',
    lowerBound,
    'eventTime is when a call was completed, in whole seconds: a second can hold calls of its neighbours, which is why the three-second maximum stands beside the peak.',
    'A quota below one call a second is measured in sliding windows in which it is a whole number of calls; one call is already 100 % of it, so seconds_over counts the windows above it.',
    "A custom key store's quota is shared by all accounts that use it: its row sums them, and its calls count in each account's own quota too.",
    'Percentiles are exact, over active seconds only.',
  ],
  sql: new URL('./quota-utilisation.sql', import.meta.url),
  params: z.object({
    ...loadParams,
    detail_percent: z.coerce
      .number()
      .min(0)
      .max(100)
      .default(5)
      .describe(
        'busiest hour and three-second maximum are worked out for peaks from this percent of the quota up',
      ),
    limit: limit(1_000),
  }),
  row: utilisationRowSchema,
  async run(_sql, params, context) {
    const loads = await quotaLoads(params, context);
    const rows = loads.map((load) => utilisationRow(load));
    rows.sort(
      (a, b) =>
        (b.utilisation_peak_percent ?? -1) - (a.utilisation_peak_percent ?? -1) ||
        b.offered_calls - a.offered_calls ||
        (`${a.quota_id}${a.caller_account_id}${a.region}` <
        `${b.quota_id}${b.caller_account_id}${b.region}`
          ? -1
          : 1),
    );
    return { rows, notes: await coverageNotes(context, params) };
  },
  notes: (rows) => {
    const uncertain = rows.filter((row) => row.limit_uncertain).length;
    const unknown = rows.filter((row) => row.limit_per_second === null).length;
    return [
      lowerBound,
      ...(uncertain > 0
        ? [`${uncertain} rows use a default that may still have been the former one at that time.`]
        : []),
      ...(unknown > 0 ? [`${unknown} rows are of quotas whose value is unknown.`] : []),
    ];
  },
});
