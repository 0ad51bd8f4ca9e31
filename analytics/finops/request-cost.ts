import { z } from 'zod';
import { defineAnalysis, runSql } from '../analysis.ts';
import { CoverageHours } from '../coverage-hours.ts';
import { filters, limit } from '../params.ts';
import {
  CostTally,
  priceClassName,
  tallyCosts,
  type CallCount,
  type FreeTier,
} from './cost-tally.ts';
import { PriceList, priceNotes } from './prices.ts';

const count = (description: string) => z.number().meta({ unit: 'calls', description });
const usd = (description: string) => z.number().meta({ unit: 'USD', description });

const Row = z.object({
  row_kind: z.enum(['total', 'free_tier', 'group', 'others']).meta({
    description: 'groups and others sum to the total; free_tier is taken off once, at the end',
  }),
  day_from: z.string().nullable().meta({ unit: 'instant', description: 'start of the day, UTC' }),
  group_name: z.string().meta({ description: 'value of the dimension' }),
  calls_priced: count('successful calls with a known price'),
  calls_unpriced: count('successful calls whose price is not known; in no dollar figure'),
  calls_failed: count('throttled, denied, failed and dry-run calls; in no dollar figure'),
  calls_region_unverified: count('of the priced calls, in Regions whose price was not verified'),
  cost_usd: usd('cost in the range; RSA keys of unknown size at the lower price'),
  cost_high_usd: usd('the same at the higher price'),
  cost_usd_monthly: usd('cost_usd normalised to 730 covered hours').nullable(),
  cost_high_usd_monthly: usd('cost_high_usd normalised').nullable(),
  cost_usd_not_normalised: usd('part of cost_usd from places with fewer than 24 covered hours'),
  covered_hours: z
    .number()
    .meta({ unit: 'h', description: 'covered hours (the most of the accounts and Regions in it)' }),
});
export type RequestCostRow = z.output<typeof Row>;

export const costDimensions = [
  'account',
  'region',
  'key',
  'principal',
  'service',
  'resource',
  'operation',
  'price_class',
] as const;

const Params = z.object({
  ...filters,
  key: z.string().max(2048).optional().describe('key ARN, or the key as typed'),
  principal: z.string().max(2048).optional().describe('principal ARN'),
  service: z.string().max(256).optional().describe('calling service, or (direct)'),
  by: z.enum(costDimensions).default('key').describe('dimension that splits the cost'),
  per: z
    .enum(['range', 'day'])
    .default('range')
    .describe('one row a group, or one a group and day'),
  limit: limit(100),
});

export default defineAnalysis({
  name: 'request-cost',
  topic: 'finops',
  title: 'Request cost',
  question: 'What do KMS requests cost, and by what?',
  audience: ['finops'],
  headline: [
    'group_name',
    'calls_priced',
    'cost_usd',
    'cost_usd_monthly',
    'calls_unpriced',
    'calls_failed',
    'covered_hours',
  ],
  caveats: [
    'Whether throttled and denied requests are billed is not documented: they are counted and not priced.',
    'RSA calls do not log the key size: their cost is a range.',
    'Who pays for cross-account requests is taken to be the caller.',
    'A month is scaled from covered hours; an account whose trail is silent for hours looks dearer than it is.',
  ],
  sql: new URL('./request-cost.sql', import.meta.url),
  params: Params,
  row: Row,
  run: async (sql, params, context) => {
    const bin = params.per === 'day' ? 'day' : 'month';
    const { limit: rows_max, ...filtered } = params;
    const counts = (await runSql(sql, { ...filtered, bin }, context)) as unknown as (CallCount & {
      group_name: string;
    })[];
    const { groups, total, freeTier } = tallyCosts(
      counts,
      (row, cost) => {
        const name = params.by === 'price_class' ? priceClassName(row, cost) : row.group_name;
        return `${params.per === 'day' ? row.bin_from : ''}\n${name}`;
      },
      new PriceList(context.config),
      await CoverageHours.read(context, params),
    );
    const rows: RequestCostRow[] = [
      rowOf('total', '\n(total before the free tier)', total),
      freeTierRow(freeTier, total),
      ...groupRows(groups, Math.max(1, rows_max - 3)),
    ];
    return { rows, notes: [...priceNotes(context.config), ...notesOf(total, params)] };
  },
});

/** Dearest first; what the limit would cut off is one row, so that the table ties to its total. */
function groupRows(groups: ReadonlyMap<string, CostTally>, rows_max: number): RequestCostRow[] {
  const rows = [...groups].map(([name, tally]) => rowOf('group', name, tally));
  rows.sort(
    (a, b) =>
      b.cost_usd - a.cost_usd ||
      b.calls_failed - a.calls_failed ||
      (`${a.day_from}${a.group_name}` < `${b.day_from}${b.group_name}` ? -1 : 1),
  );
  if (rows.length <= rows_max) return rows;
  const rest = rows.slice(rows_max);
  const others = rowOf('others', `\n(${rest.length} others)`, new CostTally());
  for (const row of rest) addRow(others, row);
  return [...rows.slice(0, rows_max), others];
}

function addRow(sum: RequestCostRow, row: RequestCostRow): void {
  for (const name of [
    'calls_priced',
    'calls_unpriced',
    'calls_failed',
    'calls_region_unverified',
    'cost_usd',
    'cost_high_usd',
    'cost_usd_not_normalised',
  ] as const) {
    sum[name] += row[name];
  }
  for (const name of ['cost_usd_monthly', 'cost_high_usd_monthly'] as const) {
    if (row[name] !== null) sum[name] = (sum[name] ?? 0) + row[name];
  }
  sum.covered_hours = Math.max(sum.covered_hours, row.covered_hours);
}

function rowOf(
  row_kind: RequestCostRow['row_kind'],
  name: string,
  tally: CostTally,
): RequestCostRow {
  const [day, group_name] = name.split('\n', 2) as [string, string];
  return { row_kind, day_from: day || null, group_name, ...tally };
}

function freeTierRow(freeTier: FreeTier, total: CostTally): RequestCostRow {
  const { calls, usd: credit, usd_monthly } = freeTier.credit();
  const off = (value: number | null) => (value ? -value : value);
  return {
    ...rowOf('free_tier', `\n(free tier, ${calls} calls)`, new CostTally()),
    cost_usd: off(credit)!,
    cost_high_usd: off(credit)!,
    cost_usd_monthly: off(usd_monthly),
    cost_high_usd_monthly: off(usd_monthly),
    covered_hours: total.covered_hours,
  };
}

function notesOf(total: CostTally, params: z.output<typeof Params>): string[] {
  const notes: string[] = [];
  if (params.account || params.region || params.key || params.principal || params.service) {
    notes.push('The free tier is one for the payer: with filters, other calls may use it up.');
  }
  if (total.calls_unpriced > 0) notes.push(`${total.calls_unpriced} calls have no known price.`);
  if (total.calls_failed > 0) notes.push(`${total.calls_failed} calls failed and are not priced.`);
  if (total.calls_region_unverified > 0) {
    notes.push(`${total.calls_region_unverified} calls are in Regions whose price is unverified.`);
  }
  if (total.cost_usd_not_normalised > 0) {
    notes.push('Places with fewer than 24 covered hours are in the range only, not in the month.');
  }
  return notes;
}
