import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, expect, test } from 'vitest';
import { readBilling } from '../../../analytics/finops/billing-export.ts';
import reconciliation, {
  familyOf,
  type ReconciliationRow,
} from '../../../analytics/finops/cost-reconciliation.ts';
import { configSchema, defaultConfig } from '../../../core/config.ts';
import { event, withEvents } from '../../support/events.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-bill-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const file = (name: string, content: string | Buffer) => {
  const full = path.join(scratch, name);
  writeFileSync(full, content);
  return full;
};

const curCsv = [
  'identity/LineItemId,lineItem/ProductCode,lineItem/UsageType,product/region,lineItem/UsageAmount,lineItem/UnblendedCost,lineItem/UsageStartDate,lineItem/UsageEndDate',
  'a,awskms,EUC1-KMS-Requests,eu-central-1,60,0.00018,2026-10-05T00:00:00Z,2026-10-05T12:00:00Z',
  'b,awskms,EUC1-KMS-Requests,eu-central-1,40,0.00012,2026-10-05T12:00:00Z,2026-10-06T00:00:00Z',
  'c,AmazonS3,EUC1-Requests-Tier1,eu-central-1,999,1,2026-10-05T00:00:00Z,2026-10-06T00:00:00Z',
  'd,awskms,EUC1-KMS-Keys,eu-central-1,2,2,2026-10-05T00:00:00Z,2026-10-06T00:00:00Z',
  '',
].join('\n');

const summed = [
  {
    region: 'eu-central-1',
    usage_type: 'EUC1-KMS-Keys',
    quantity: 2,
    cost_usd: 2,
    period_from: '2026-10-05T00:00:00Z',
    period_to: '2026-10-06T00:00:00Z',
  },
  {
    region: 'eu-central-1',
    usage_type: 'EUC1-KMS-Requests',
    quantity: 100,
    cost_usd: expect.closeTo(0.0003, 12) as number,
    period_from: '2026-10-05T00:00:00Z',
    period_to: '2026-10-06T00:00:00Z',
  },
];

test('a Cost and Usage Report is read as CSV, gzipped CSV and Parquet, a FOCUS export as CSV', async () => {
  expect(await readBilling(file('cur.csv', curCsv))).toEqual(summed);
  // A name that looks like a pattern is that file and no other.
  expect(await readBilling(file('cur[1]*.csv', curCsv))).toEqual(summed);
  expect(await readBilling(file('cur.csv.gz', gzipSync(curCsv)))).toEqual(summed);
  const parquet = path.join(scratch, "it's.parquet");
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const renamed = `SELECT "lineItem/ProductCode" AS line_item_product_code,
    "lineItem/UsageType" AS line_item_usage_type, "product/region" AS product_region_code,
    "lineItem/UsageAmount" AS line_item_usage_amount,
    "lineItem/UnblendedCost" AS line_item_unblended_cost,
    CAST("lineItem/UsageStartDate" AS TIMESTAMP) AS line_item_usage_start_date,
    CAST("lineItem/UsageEndDate" AS TIMESTAMP) AS line_item_usage_end_date
    FROM read_csv('${path.join(scratch, 'cur.csv')}')`;
  await connection.run(`COPY (${renamed}) TO '${parquet.replaceAll("'", "''")}' (FORMAT parquet)`);
  instance.closeSync();
  expect(await readBilling(parquet)).toEqual(summed);
  const focus = [
    'ServiceName,x_UsageType,RegionId,ConsumedQuantity,BilledCost,ChargePeriodStart,ChargePeriodEnd',
    'AWS Key Management Service,EUC1-KMS-Keys,eu-central-1,2,2,2026-10-05T00:00:00Z,2026-10-06T00:00:00Z',
    'AWS Key Management Service,EUC1-KMS-Requests,eu-central-1,100,0.0003,2026-10-05T00:00:00Z,2026-10-06T00:00:00Z',
    '',
  ].join('\n');
  expect(await readBilling(file('focus.csv', focus))).toEqual(summed);
});

test('what is no bill says why', async () => {
  await expect(readBilling(file('x.csv', 'a,b\n1,2\n'))).rejects.toMatchObject({
    code: 'billing_columns_missing',
  });
  await expect(readBilling(path.join(scratch, 'none.csv'))).rejects.toMatchObject({
    code: 'table_unreadable',
  });
  await expect(readBilling(file('x.parquet', 'no parquet'))).rejects.toMatchObject({
    code: 'table_unreadable',
  });
});

test('usage types are told by their suffix', () => {
  const names = [
    'USE1-KMS-Requests',
    'us-east-1-KMS-Requests',
    'KMS-Requests',
    'EU-KMS-Requests-Asymmetric',
    'EU-KMS-Requests-Asymmetric-RSA_2048',
    'EU-KMS-Requests-GenerateDatakeyPair-RSA',
    'EU-KMS-Requests-GenerateDatakeyPair-ECC',
    'EU-KMS-Keys',
    'EU-Something',
  ];
  expect(names.map((usage_type) => familyOf({ usage_type }))).toEqual([
    'symmetric',
    'symmetric',
    'symmetric',
    'asymmetric',
    'asymmetric',
    'gdkp_rsa',
    'gdkp_ecc',
    'keys',
    'other',
  ]);
});

test('the gap is billed less seen, by hand, and its reasons follow the coverage', async () => {
  const start = Date.parse('2026-10-05T00:00:00Z') / 1000;
  const config = configSchema.parse({ billing: await readBilling(file('cur.csv', curCsv)) });
  const events = [
    ...Array.from({ length: 70 }, (_, i) => event({ event_time: start + i * 600 })),
    ...Array.from({ length: 20 }, () => event({ event_time: start, outcome: 'denied' })),
    event({ event_time: start, operation: 'Sign', quota_id: 'crypto_rsa' }),
    event({ event_time: start + 86_400 }),
  ];
  const rows = await withEvents(events, async (engine) => {
    const result = await reconciliation.execute({}, { engine, config });
    return result.rows.map((row) => reconciliation.row.parse(row) as ReconciliationRow);
  });
  const of = (family: string) => rows.find((row) => row.usage_family === family)!;
  expect(of('symmetric')).toMatchObject({
    usage_types: 'EUC1-KMS-Requests',
    billed_requests: 100,
    seen_requests: 70,
    seen_failed_requests: 20,
    gap_requests: 30,
    gap_percent: 30,
    period_hours: 24,
  });
  expect(of('symmetric').likely_reasons).toContain('20 failed calls');
  expect(of('asymmetric')).toMatchObject({
    billed_requests: 0,
    seen_requests: 1,
    gap_requests: -1,
  });
  expect(of('keys').gap_requests).toBeNull();
  const empty = await withEvents(events, (engine) =>
    reconciliation.execute({}, { engine, config: defaultConfig }),
  );
  expect(empty).toMatchObject({ rows: [], notes: ['No bill is loaded: nothing is compared.'] });
});
