import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PriceList, priceClassOf } from '../../../analytics/finops/prices.ts';
import requestCost, {
  costDimensions,
  type RequestCostRow,
} from '../../../analytics/finops/request-cost.ts';
import { configSchema, defaultConfig, type Config } from '../../../core/config.ts';
import type { KmsEvent } from '../../../store/relations.ts';
import { event, withEvents } from '../../support/events.ts';

async function costs(
  events: KmsEvent[],
  params: Record<string, unknown> = {},
  config: Config = defaultConfig,
) {
  return withEvents(events, async (engine) => {
    const result = await requestCost.execute(params, { engine, config });
    return result.rows.map((row) => requestCost.row.parse(row) as RequestCostRow);
  });
}
const start = Date.parse('2026-10-05T00:00:00Z') / 1000;
const rowKind = (rows: RequestCostRow[], kind: string) => rows.filter((r) => r.row_kind === kind);

const kinds = [
  { operation: 'Decrypt', quota_id: 'crypto_symmetric' },
  { operation: 'CreateGrant', operation_class: 'grant', quota_id: 'op_CreateGrant' },
  { operation: 'Sign', quota_id: 'crypto_rsa' },
  { operation: 'Sign', quota_id: 'crypto_ecc_sm2' },
  { operation: 'Sign', quota_id: 'unknown' },
  { operation: 'GetPublicKey', quota_id: 'op_GetPublicKey' },
  { operation: 'GenerateDataKeyPair', quota_id: 'gdkp_rsa_2048', data_key_spec: 'RSA_2048' },
  { operation: 'GenerateDataKeyPair', quota_id: 'gdkp_sm2', data_key_spec: 'SM2' },
  { operation: 'NewThing', operation_class: 'unknown', quota_id: 'unknown' },
] as const;
/** Dollars for 10,000 calls, read off the price list by hand: lower and upper; null: not priced. */
const usdPer10k = [
  [0.03, 0.03],
  [0.03, 0.03],
  [0.03, 0.15],
  [0.15, 0.15],
  null,
  [0.03, 0.15],
  [12, 12],
  null,
  null,
] as const;

test('cost by key = by principal = by service = total, and equals prices by hand', async () => {
  const call = fc.record({
    kind: fc.integer({ min: 0, max: kinds.length - 1 }),
    hour: fc.integer({ min: 0, max: 70 }),
    key_arn: fc.constantFrom('k1', 'k2', 'k3'),
    principal_arn: fc.constantFrom('p1', 'p2'),
    region: fc.constantFrom('eu-central-1', 'cn-north-1'),
    via_service: fc.constantFrom(null, 's3.amazonaws.com'),
    outcome: fc.constantFrom('success' as const, 'success' as const, 'throttled' as const),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 50 }), async (calls) => {
      const events = calls.map(({ kind, hour, ...columns }) =>
        event({ ...columns, ...kinds[kind], event_time: start + hour * 3_600 }),
      );
      const paid = calls.filter((c) => c.outcome === 'success').map((c) => usdPer10k[c.kind]);
      const low = paid.reduce((sum, price) => sum + (price?.[0] ?? 0) / 10_000, 0);
      const high = paid.reduce((sum, price) => sum + (price?.[1] ?? 0) / 10_000, 0);
      await withEvents(events, async (engine) => {
        for (const by of costDimensions) {
          const params = {
            by,
            per: by === 'service' ? 'day' : 'range',
            limit: by === 'key' ? 4 : 99,
          };
          const result = await requestCost.execute(params, { engine, config: defaultConfig });
          const rows = result.rows.map((row) => requestCost.row.parse(row) as RequestCostRow);
          const total = rowKind(rows, 'total')[0]!;
          expect(total.cost_usd).toBeCloseTo(low, 12);
          expect(total.cost_high_usd).toBeCloseTo(high, 12);
          expect(total.calls_unpriced).toBe(paid.filter((price) => price === null).length);
          expect(total.calls_failed).toBe(calls.length - paid.length);
          const parts = [...rowKind(rows, 'group'), ...rowKind(rows, 'others')];
          for (const name of ['cost_usd', 'cost_high_usd', 'cost_usd_monthly'] as const) {
            const sum = parts.reduce((all, row) => all + (row[name] ?? 0), 0);
            expect(sum).toBeCloseTo(total[name] ?? 0, 9);
          }
        }
      });
    }),
    { numRuns: 8 },
  );
});

test('49 million requests a month on one bucket cost $147', async () => {
  const symmetric = { ...kinds[0], operation_class: 'cryptographic', data_key_spec: null };
  const full = new PriceList(defaultConfig).cost(symmetric, 'us-east-1', 49_000_000)!;
  expect(full.cost_low_usd).toBeCloseTo(147, 9);
  // The same month at a thousandth: 49,000 reads evenly over 73 hours, scaled tenfold to 730 hours
  // (a hundredth of the month's rate), so $1.47 / month before the free tier.
  const events = Array.from({ length: 49_000 }, (_, i) =>
    event({
      event_time: start + Math.floor((i * 73 * 3_600) / 49_000),
      s3_bucket: 'evals',
      context_kind: 's3',
      region: 'us-east-1',
    }),
  );
  const rows = await costs(events, { by: 'resource' });
  const [bucket] = rowKind(rows, 'group');
  expect(bucket).toMatchObject({ group_name: 's3://evals', covered_hours: 73 });
  expect(bucket!.cost_usd_monthly! * 100).toBeCloseTo(147, 9);
  // Of 490,000 calls a month 20,000 are free: 20/490 of the cost.
  const [free] = rowKind(rows, 'free_tier');
  expect(free!.cost_usd_monthly).toBeCloseTo(-0.06, 9);
});

test('the free tier is taken off once a calendar month over all accounts, never below zero', async () => {
  const events = [0, 1].flatMap((i) =>
    Array.from({ length: 15_000 }, (_, n) =>
      event({
        event_time: start + n,
        account_id: `${i + 1}`.repeat(12),
        caller_account_id: `${i + 1}`.repeat(12),
      }),
    ),
  );
  const rows = await costs([...events, event({ at: '2026-11-02T00:00:00Z' })], { by: 'account' });
  const [free] = rowKind(rows, 'free_tier');
  expect(free!.group_name).toContain('20001 calls');
  expect(free!.cost_usd).toBeCloseTo((-20_001 * 0.03) / 10_000, 12);
});

test('prices of the configuration win, a Region before all, and price what the list cannot', async () => {
  const config = configSchema.parse({
    priceOverrides: [
      { class_id: 'symmetric', usd_per_10k: 1 },
      { class_id: 'symmetric', region: 'cn-north-1', usd_per_10k: 2 },
      { class_id: 'gdkp_other', usd_per_10k: 5 },
    ],
  });
  const rows = await costs(
    [event(), event({ region: 'cn-north-1' }), event(kinds[7])],
    { by: 'region' },
    config,
  );
  expect(rowKind(rows, 'total')[0]!.cost_usd).toBeCloseTo((1 + 2 + 5) / 10_000, 12);
  expect(rowKind(rows, 'total')[0]!.calls_region_unverified).toBe(1);
});

test('fewer than 24 covered hours are not scaled, and the row says so', async () => {
  const rows = await costs([event()]);
  expect(rowKind(rows, 'total')[0]).toMatchObject({
    cost_usd_monthly: null,
    cost_usd_not_normalised: 0.03 / 10_000,
    covered_hours: 1,
  });
});

test('every price class is told from the call', () => {
  const classes = kinds.map((kind) => {
    const call = { operation_class: 'cryptographic', data_key_spec: null, ...kind };
    return priceClassOf(call)?.id ?? null;
  });
  expect(classes).toEqual([
    'symmetric',
    'symmetric',
    'rsa_size_unknown',
    'asymmetric_other',
    null,
    'public_key',
    'gdkp_rsa',
    null,
    null,
  ]);
});
