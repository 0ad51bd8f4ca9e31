import { z } from 'zod';
import type { BillingLine } from '../../core/config.ts';
import { pricingFile } from '../../reference/pricing.ts';
import { defineAnalysis, runSql } from '../analysis.ts';
import { CoverageHours } from '../coverage-hours.ts';
import { instant, limit } from '../params.ts';
import { priceClassOf, PriceList, type PricedCall } from './prices.ts';

const count = (unit: string, description: string) => z.number().meta({ unit, description });

/** Usage types that can be compared; RSA sizes are not in the log, so asymmetric ones stand together. */
const families = [
  'symmetric',
  'asymmetric',
  'gdkp_ecc',
  'gdkp_rsa',
  'keys',
  'unpriced',
  'other',
] as const;
type Family = (typeof families)[number];

const Row = z.object({
  region: z.string().meta({ description: 'AWS Region' }),
  usage_family: z.enum(families).meta({ description: 'usage types that are compared together' }),
  usage_types: z.string().meta({ description: 'usage types on the bill' }),
  billed_requests: count('requests', 'on the bill (key-months for keys)'),
  billed_usd: count('USD', 'cost on the bill'),
  seen_requests: count('requests', 'successful counted calls in the log'),
  seen_failed_requests: count('requests', 'throttled, denied, failed and dry-run calls'),
  seen_usd: count('USD', 'their cost at our prices, lower bound'),
  gap_requests: count('requests', 'billed less seen').nullable(),
  gap_percent: count('percent', 'gap of billed; null when nothing was billed').nullable(),
  covered_hours: count('h', 'covered hours of the period'),
  period_hours: count('h', 'hours of the period'),
  likely_reasons: z.string().meta({ description: 'what may explain the gap' }),
});
export type ReconciliationRow = z.output<typeof Row>;

interface Seen extends PricedCall {
  region: string | null;
  successful: number;
  failed: number;
}

export default defineAnalysis({
  name: 'cost-reconciliation',
  topic: 'finops',
  title: 'Cost reconciliation',
  question: 'Does the bill agree with the log?',
  audience: ['finops'],
  headline: [
    'usage_family',
    'region',
    'billed_requests',
    'seen_requests',
    'gap_requests',
    'gap_percent',
    'billed_usd',
    'likely_reasons',
  ],
  caveats: [
    'The bill is a Cost and Usage Report or a FOCUS export that the configuration holds (billing); without one there is nothing to compare.',
    'A bill is per payer; the log only holds the accounts that were read.',
    'The seen side is of the billed period, so a bill of a running month and a log that ends elsewhere differ.',
  ],
  sql: new URL('./cost-reconciliation.sql', import.meta.url),
  params: z.object({
    from: instant.optional().describe('start of the period; default: that of the bill'),
    to: instant.optional().describe('end of the period, exclusive; default: that of the bill'),
    region: z.string().max(64).optional().describe('AWS Region'),
    limit: limit(1_000),
  }),
  row: Row,
  run: async (sql, params, context) => {
    const lines = context.config.billing.filter(
      (line) => !params.region || line.region === params.region,
    );
    if (lines.length === 0) {
      return {
        rows: [],
        notes: ['No bill is loaded: nothing is compared.'],
      };
    }
    const from = params.from ?? new Date(Math.min(...lines.map((l) => Date.parse(l.period_from))));
    const to = params.to ?? new Date(Math.max(...lines.map((l) => Date.parse(l.period_to))));
    const seen = (await runSql(
      sql,
      { from, to, region: params.region },
      context,
    )) as unknown as Seen[];
    const coverage = await CoverageHours.read(context, { from, to });
    const period_hours = (to.getTime() - from.getTime()) / 3_600_000;
    const prices = new PriceList(context.config);
    const rows = new Map<string, ReconciliationRow>();
    const rowOf = (region: string, usage_family: Family): ReconciliationRow => {
      const name = `${region} ${usage_family}`;
      let row = rows.get(name);
      if (!row) {
        row = {
          region,
          usage_family,
          usage_types: '',
          billed_requests: 0,
          billed_usd: 0,
          seen_requests: 0,
          seen_failed_requests: 0,
          seen_usd: 0,
          gap_requests: null,
          gap_percent: null,
          covered_hours: coverage.hours(null, region),
          period_hours,
          likely_reasons: '',
        };
        rows.set(name, row);
      }
      return row;
    };
    for (const line of lines) addBilled(rowOf(line.region ?? 'unknown', familyOf(line)), line);
    for (const call of seen)
      addSeen(rowOf(call.region ?? 'unknown', seenFamily(call)), call, prices);
    const result = [...rows.values()];
    for (const row of result) conclude(row);
    result.sort((a, b) => Math.abs(b.gap_requests ?? 0) - Math.abs(a.gap_requests ?? 0));
    return { rows: result, notes: [`Compared: ${from.toISOString()} to ${to.toISOString()}.`] };
  },
});

/** The family of a usage type by the longest suffix of the price list that it ends with. */
export function familyOf(line: Pick<BillingLine, 'usage_type'>): Family {
  const usage = line.usage_type.toLowerCase();
  if (/(^|-)kms-keys/.test(usage)) return 'keys';
  const matches = pricingFile.request_classes
    .filter((entry) => entry.usage_type_suffix !== null)
    .filter((entry) => {
      const suffix = entry.usage_type_suffix!.toLowerCase();
      return usage === suffix || usage.endsWith(`-${suffix}`);
    })
    .sort((a, b) => b.usage_type_suffix!.length - a.usage_type_suffix!.length);
  return familyOfClass(matches[0]?.id) ?? 'other';
}

function familyOfClass(id: string | undefined): Family | null {
  switch (id) {
    case 'symmetric':
    case 'gdkp_ecc':
    case 'gdkp_rsa':
      return id;
    case 'rsa_2048':
    case 'asymmetric_other':
    case 'rsa_size_unknown':
    case 'public_key':
      return 'asymmetric';
    default:
      return null;
  }
}

const seenFamily = (call: Seen): Family => familyOfClass(priceClassOf(call)?.id) ?? 'unpriced';

function addBilled(row: ReconciliationRow, line: BillingLine): void {
  row.billed_requests += line.quantity;
  row.billed_usd += line.cost_usd;
  row.usage_types = [...row.usage_types.split(', ').filter(Boolean), line.usage_type].join(', ');
}

function addSeen(row: ReconciliationRow, call: Seen, prices: PriceList): void {
  row.seen_requests += call.successful;
  row.seen_failed_requests += call.failed;
  row.seen_usd += prices.cost(call, call.region, call.successful)?.cost_low_usd ?? 0;
}

function conclude(row: ReconciliationRow): void {
  if (row.usage_family === 'keys') {
    row.likely_reasons = 'keys are charged by the hour, not by the call: see key-cost';
    return;
  }
  row.gap_requests = row.billed_requests - row.seen_requests;
  row.gap_percent = row.billed_requests > 0 ? (100 * row.gap_requests) / row.billed_requests : null;
  row.likely_reasons = reasonsOf(row).join('; ') || 'none needed: the gap is below one percent';
}

function reasonsOf(row: ReconciliationRow): string[] {
  const reasons: string[] = [];
  const gap = row.gap_requests!;
  if (row.gap_percent !== null && Math.abs(row.gap_percent) < 1) return reasons;
  if (gap > 0) {
    if (row.covered_hours < row.period_hours) {
      reasons.push(
        `${Math.round(row.period_hours - row.covered_hours)} of ${Math.round(row.period_hours)} hours are not covered by the log`,
      );
    }
    if (row.seen_failed_requests > 0 && row.seen_failed_requests >= 0.5 * gap) {
      reasons.push(`${row.seen_failed_requests} failed calls may be billed (undocumented)`);
    }
    reasons.push('accounts of the payer whose trails were not read');
    if (row.usage_family === 'symmetric') {
      reasons.push('a trail that leaves out KMS or read-only events');
    }
  }
  if (gap < 0) {
    if (row.usage_family === 'unpriced') reasons.push('no usage type is known for these calls');
    else {
      reasons.push('accounts in the log that this payer does not pay for (cross-account calls)');
      reasons.push('a bill of a shorter period, or free-tier usage on lines of its own');
    }
  }
  return reasons;
}
