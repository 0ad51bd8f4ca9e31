import { billingLine, type BillingLine } from '../../core/config.ts';
import { exitCodes, KeymeterError } from '../../core/errors.ts';
import { readTable } from '../../store/read-table.ts';

/**
 * Column names of a Cost and Usage Report (legacy CSV with slashes, Parquet and CUR 2.0 with
 * underscores) and of FOCUS 1.x, in the order in which they are looked for.
 */
const fields = {
  product: ['lineItem/ProductCode', 'line_item_product_code', 'x_ServiceCode', 'ServiceName'],
  usage_type: ['lineItem/UsageType', 'line_item_usage_type', 'x_UsageType'],
  region: [
    'product/regionCode',
    'product_region_code',
    'product/region',
    'product_region',
    'RegionId',
  ],
  quantity: [
    'lineItem/UsageAmount',
    'line_item_usage_amount',
    'ConsumedQuantity',
    'PricingQuantity',
  ],
  cost: ['lineItem/UnblendedCost', 'line_item_unblended_cost', 'BilledCost'],
  from: ['lineItem/UsageStartDate', 'line_item_usage_start_date', 'ChargePeriodStart'],
  to: ['lineItem/UsageEndDate', 'line_item_usage_end_date', 'ChargePeriodEnd'],
} as const;
type Field = keyof typeof fields;

/**
 * KMS usage of a bill's export, summed by Region and usage type. Throws KeymeterError
 * billing_columns_missing when the file is none, and what readTable throws.
 */
export async function readBilling(file: string): Promise<BillingLine[]> {
  const rows = await readTable(file, (columns) => queryOf(file, columns));
  return rows.map((row) => billingLine.parse(row));
}

function queryOf(file: string, columns: readonly string[]): string {
  const byName = new Map(columns.map((column) => [column.toLowerCase(), column]));
  const found = {} as Record<Field, string>;
  for (const [field, names] of Object.entries(fields) as [Field, readonly string[]][]) {
    const name = names.map((n) => byName.get(n.toLowerCase())).find((n) => n !== undefined);
    if (name === undefined) {
      throw new KeymeterError(
        'billing_columns_missing',
        `${file} has none of the columns ${names.join(', ')}`,
        {
          fix: 'give a Cost and Usage Report or a FOCUS export with its resource-independent columns',
          exitCode: exitCodes.usage,
        },
      );
    }
    found[field] = `"${name.replaceAll('"', '""')}"`;
  }
  const instant = (column: string) =>
    `strftime(CAST(${column} AS TIMESTAMP), '%Y-%m-%dT%H:%M:%SZ')`;
  return `
    SELECT nullif(CAST(${found.region} AS VARCHAR), '') AS region,
      CAST(${found.usage_type} AS VARCHAR) AS usage_type,
      sum(CAST(${found.quantity} AS DOUBLE)) AS quantity,
      sum(CAST(${found.cost} AS DOUBLE)) AS cost_usd,
      min(${instant(found.from)}) AS period_from, max(${instant(found.to)}) AS period_to
    FROM input
    WHERE lower(CAST(${found.product} AS VARCHAR)) IN ('awskms', 'aws key management service')
      AND ${found.usage_type} IS NOT NULL AND ${found.quantity} IS NOT NULL
    GROUP BY 1, 2 ORDER BY 1, 2`;
}
