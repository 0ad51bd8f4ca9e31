import { z } from 'zod';
import { pricingFile } from '../../reference/pricing.ts';
import { defineAnalysis, runSql } from '../analysis.ts';
import { CoverageHours, monthly } from '../coverage-hours.ts';
import { filters, limit } from '../params.ts';
import { PriceList } from './prices.ts';

const usd = (description: string) => z.number().meta({ unit: 'USD', description });
const count = (unit: string, description: string) => z.number().meta({ unit, description });

const Row = z.object({
  account_id: z.string().meta({ description: 'account of the trail' }),
  region: z.string().meta({ description: 'AWS Region' }),
  records_total: count('events', 'records of all services in the files that were read'),
  kms_events: count('events', 'distinct KMS events'),
  kms_share_percent: count('percent', 'KMS records of all records'),
  additional_copies: count('events', 'KMS records that were read again (another trail’s copies)'),
  copies_per_event: count('copies', 'KMS records for each distinct KMS event (a lower bound)'),
  cost_copies_usd: usd('what the additional copies cost, each of them billed'),
  cost_copies_usd_monthly: usd('normalised to 730 covered hours').nullable(),
  cost_one_more_copy_usd: usd('what one more trail would cost for the same KMS events'),
  cost_one_more_copy_usd_monthly: usd('normalised to 730 covered hours').nullable(),
  requests_usd: usd('what the same KMS requests cost at the symmetric price, for comparison'),
  covered_hours: count('h', 'covered hours'),
  change_events: count('events', 'of the KMS events: changes of keys, policies, grants and stores'),
  denied_events: count('events', 'of the KMS events: denied calls'),
  if_excluded: z
    .string()
    .meta({ description: 'what excluding KMS events from a trail would hide' }),
});
export type CloudTrailCostRow = z.output<typeof Row>;

interface Counts {
  account_id: string;
  region: string;
  records_total: number;
  kms_events: number;
  additional_copies: number;
  change_events: number;
  denied_events: number;
}

export default defineAnalysis({
  name: 'cloudtrail-cost',
  topic: 'finops',
  title: 'CloudTrail cost of KMS events',
  question: 'What does CloudTrail charge for KMS events, and may they be excluded?',
  audience: ['finops', 'security'],
  headline: [
    'account_id',
    'region',
    'kms_events',
    'kms_share_percent',
    'additional_copies',
    'cost_copies_usd_monthly',
    'cost_one_more_copy_usd_monthly',
  ],
  caveats: [
    'The first copy of management events is free in each account and Region; each further trail is billed for each event.',
    'Copies show only when the files of all trails were read; a file that was copied by hand looks like a trail.',
    'CloudTrail Lake, S3 storage and requests, and CloudWatch Logs are not in the figures.',
  ],
  sql: new URL('./cloudtrail-cost.sql', import.meta.url),
  params: z.object({ ...filters, limit: limit(1_000, 50_000) }),
  row: Row,
  run: async (sql, params, context) => {
    const counts = (await runSql(sql, params, context)) as unknown as Counts[];
    const coverage = await CoverageHours.read(context, params);
    const prices = new PriceList(context.config);
    const usd_per_copy = pricingFile.cloudtrail.additional_copy_management_usd_per_100k / 100_000;
    const rows = counts.map((row): CloudTrailCostRow => {
      const records = row.kms_events + row.additional_copies;
      const covered_hours = coverage.hours([row.account_id], row.region);
      const copies = row.additional_copies * usd_per_copy;
      const one_more = row.kms_events * usd_per_copy;
      return {
        account_id: row.account_id,
        region: row.region,
        records_total: row.records_total,
        kms_events: row.kms_events,
        kms_share_percent: row.records_total > 0 ? (100 * records) / row.records_total : 0,
        additional_copies: row.additional_copies,
        copies_per_event: row.kms_events > 0 ? records / row.kms_events : 0,
        cost_copies_usd: copies,
        cost_copies_usd_monthly: monthly(copies, covered_hours),
        cost_one_more_copy_usd: one_more,
        cost_one_more_copy_usd_monthly: monthly(one_more, covered_hours),
        requests_usd: row.kms_events * prices.symmetric(row.region),
        covered_hours,
        change_events: row.change_events,
        denied_events: row.denied_events,
        if_excluded:
          `excluding KMS from the only trail hides all ${row.kms_events} events, ${row.change_events} changes and ${row.denied_events} denials among them, ` +
          'and leaves keymeter and every detection blind here; exclude them on additional trails only',
      };
    });
    return { rows, notes: [`Prices of CloudTrail: list prices as of ${pricingFile.as_of}.`] };
  },
});
