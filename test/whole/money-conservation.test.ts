import fc from 'fast-check';
import { expect, test } from 'vitest';
import cloudtrailCost from '../../analytics/finops/cloudtrail-cost.ts';
import keyCost from '../../analytics/finops/key-cost.ts';
import requestCost from '../../analytics/finops/request-cost.ts';
import { settle, type BillPlace, type FindingShare } from '../../analytics/finops/bill-settle.ts';
import { billLines, type BillRow } from '../../analytics/finops/bill.ts';
import type { FindingRow } from '../../analytics/finops/findings.ts';
import { defaultConfig } from '../../core/config.ts';
import { openDatabase } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import type { KmsEvent } from '../../store/relations.ts';
import { event, store } from '../support/events.ts';
import { lineOf, moneyOf, sumOf } from '../support/money.ts';

/** More than the default by KEYMETER_TEST_TRAILS: 500 take some minutes. */
const trails = Number(process.env['KEYMETER_TEST_TRAILS'] ?? 25);

const start = Date.parse('2026-10-05T00:00:00Z') / 1000;
const accounts = ['111111111111', '222222222222'];
const regions = ['eu-central-1', 'us-east-1'];

const kinds: Record<string, Partial<KmsEvent>> = {
  s3: { context_kind: 's3', s3_bucket: 'b', s3_context_is_bucket: false, is_direct: false },
  log: { context_kind: 'cloudtrail', s3_bucket: 'l', s3_context_is_bucket: false },
  sdk: { context_kind: 'encryption_sdk', encryption_context: '{"t":"x"}' },
  app: { context_kind: 'other', encryption_context: '{"t":"x"}' },
  sqs: { context_kind: 'sqs', is_direct: false, via_service: 'sqs.amazonaws.com' },
  ssm: { context_kind: 'ssm', encryption_context: '{"PARAMETER_ARN":"p"}', is_direct: false },
  plain: { context_kind: 'ebs', is_direct: false, via_service: 'ebs.amazonaws.com' },
  rsa: { operation: 'Sign', quota_id: 'crypto_rsa' },
};

const call = fc.record({
  kind: fc.constantFrom(...Object.keys(kinds)),
  at: fc.integer({ min: 0, max: 3 * 86_400 }),
  operation: fc.constantFrom('Decrypt', 'GenerateDataKey'),
  object: fc.integer({ min: 1, max: 3 }),
  session: fc.constantFrom('s1', 's2'),
  account: fc.constantFrom(...accounts),
  region: fc.constantFrom(...regions),
  outcome: fc.constantFrom('success', 'success', 'success', 'throttled', 'denied'),
});
type Drawn = ReturnType<typeof call.generate>['value'];

const trail = fc.record({
  /** Some trails are short and have no month. */
  squeeze: fc.constantFrom(1, 1, 1, 100),
  /** How many times each drawn call is made, ten seconds apart: enough of them pass the free tier. */
  times: fc.constantFrom(1, 5, 40),
  calls: fc.array(call, { minLength: 5, maxLength: 60 }),
  copied: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
});

function eventsOf(drawn: readonly Drawn[], squeeze: number, times: number): KmsEvent[] {
  return drawn.flatMap((one) =>
    Array.from({ length: times }, (_, i) =>
      event({
        event_time: start + Math.floor(one.at / squeeze) + i * 10,
        operation: one.operation,
        account_id: one.account,
        caller_account_id: one.account,
        key_account_id: one.account,
        key_arn: `arn:aws:kms:${one.region}:${one.account}:key/k`,
        region: one.region,
        caller_arn: one.session,
        outcome: one.outcome,
        resource_arn: `arn:aws:s3:::${one.kind}/${one.object}`,
        ...kinds[one.kind],
      }),
    ),
  );
}

async function withTrail<T>(
  drawn: { squeeze: number; times: number; calls: readonly Drawn[]; copied: readonly boolean[] },
  use: (engine: DuckDbEngine) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(':memory:');
  const engine = new DuckDbEngine(database);
  try {
    let place = 0;
    for (const account of accounts) {
      for (const region of regions) {
        const own = drawn.calls.filter((one) => one.account === account && one.region === region);
        const events = eventsOf(own, drawn.squeeze, drawn.times);
        if (events.length > 0) await store(database, events);
        // A second trail delivers the same events again.
        if (events.length > 0 && drawn.copied[place]) await store(database, events);
        place++;
      }
    }
    return await use(engine);
  } finally {
    engine.close();
    database.close();
  }
}

const amounts = [
  'before_usd',
  'after_usd',
  'saving_usd',
  'before_usd_monthly',
  'after_usd_monthly',
  'saving_usd_monthly',
  'before_high_usd',
  'after_high_usd',
  'before_high_usd_monthly',
  'after_high_usd_monthly',
  'not_normalised_usd',
  'one_time_cost_usd',
] as const satisfies readonly (keyof BillRow)[];

const near = (value: number, expected: number, what: string) =>
  expect(Math.abs(value - expected), `${what}: ${value} is not ${expected}`).toBeLessThan(
    1e-9 * Math.max(1, Math.abs(expected)),
  );

/** Totals are the sum of their lines, accounts add up, nobody saves more than the bill. */
function billHolds(bill: readonly BillRow[]): void {
  const names = [...new Set(bill.map((row) => row.account_id))];
  for (const name of names) {
    for (const column of amounts) {
      if (column === 'one_time_cost_usd') continue;
      const parts = billLines.slice(0, 4).map((line) => lineOf(bill, line, name)[column]);
      near(
        sumOf(parts, (part) => part),
        lineOf(bill, 'total', name)[column] ?? 0,
        `${name} ${column}`,
      );
    }
    const total = lineOf(bill, 'total', name);
    for (const [saved, before] of [
      [total.saving_usd, total.before_usd],
      [total.saving_usd_monthly ?? 0, total.before_usd_monthly ?? 0],
    ] as const) {
      expect(saved).toBeGreaterThanOrEqual(-1e-12);
      expect(saved).toBeLessThanOrEqual(before + 1e-9);
    }
    expect(total.before_high_usd).toBeGreaterThanOrEqual(total.before_usd - 1e-12);
  }
  for (const line of billLines) {
    const parts = names.filter((name) => name !== '(all)').map((name) => lineOf(bill, line, name));
    for (const column of amounts) {
      near(
        sumOf(parts, (row) => row[column]),
        lineOf(bill, line)[column] ?? 0,
        `${line} ${column}`,
      );
    }
  }
}

/** Findings add up to the difference of the bill, in the range and in a month. */
function findingsHold(bill: readonly BillRow[], found: readonly FindingRow[]): void {
  const total = lineOf(bill, 'total');
  near(
    sumOf(found, (row) => row.saving_usd),
    total.saving_usd,
    'findings of the range',
  );
  near(
    sumOf(found, (row) => row.saving_usd_monthly),
    total.saving_usd_monthly ?? 0,
    'findings',
  );
  near(
    sumOf(found, (row) => row.one_time_cost_usd),
    total.one_time_cost_usd,
    'one-off costs',
  );
  for (const row of found) {
    expect(row.saved_calls_low).toBeLessThanOrEqual(row.saved_calls);
    expect(row.saved_calls).toBeLessThanOrEqual(row.saved_calls_high);
    expect(row.saved_calls_high).toBeLessThanOrEqual(row.calls);
    if (row.saving_usd_monthly === null) continue;
    expect(row.saving_low_usd_monthly!).toBeLessThanOrEqual(row.saving_usd_monthly + 1e-12);
    expect(row.saving_high_usd_monthly!).toBeGreaterThanOrEqual(row.saving_usd_monthly - 1e-12);
    expect(row.saving_list_usd_monthly!).toBeGreaterThanOrEqual(row.saving_usd_monthly - 1e-12);
  }
}

test(`bill and findings are conserved over ${trails} random trails, for every filter`, async () => {
  const met = { paid: 0, free: 0, saving: 0, copies: 0, withoutMonth: 0 };
  await fc.assert(
    fc.asyncProperty(trail, async (drawn) =>
      withTrail(drawn, async (engine) => {
        const { bill, findings } = await moneyOf(engine);
        const whole = lineOf(bill, 'total');
        const net = lineOf(bill, 'requests').before_usd_monthly ?? 0;
        if (net + (lineOf(bill, 'free_tier').before_usd_monthly ?? 0) > 1e-6) met.paid++;
        else met.free++;
        if ((whole.saving_usd_monthly ?? 0) > 0) met.saving++;
        if (lineOf(bill, 'cloudtrail_copies').before_usd > 0) met.copies++;
        if (whole.not_normalised_usd > 0) met.withoutMonth++;
        billHolds(bill);
        findingsHold(bill, findings);

        // Each line is that of its own analysis.
        const context = { engine, config: defaultConfig };
        const [total, free] = (await requestCost.execute({ by: 'account' }, context)).rows;
        const requests = lineOf(bill, 'requests');
        near(Number(total!['cost_usd']), requests.before_usd, 'request-cost');
        near(Number(total!['cost_high_usd']), requests.before_high_usd, 'request-cost, high');
        near(Number(total!['cost_usd_monthly'] ?? 0), requests.before_usd_monthly ?? 0, 'a month');
        const tier = lineOf(bill, 'free_tier');
        near(Number(free!['cost_usd']), tier.before_usd, 'free tier');
        near(
          Number(free!['cost_usd_monthly'] ?? 0),
          tier.before_usd_monthly ?? 0,
          'free tier a month',
        );
        const copies = (await cloudtrailCost.execute({}, context)).rows;
        near(
          sumOf(copies, (row) => Number(row['cost_copies_usd'])),
          lineOf(bill, 'cloudtrail_copies').before_usd,
          'cloudtrail-cost',
        );
        const keys = (await keyCost.execute({}, context)).rows;
        near(
          sumOf(keys, (row) => Number(row['charge_high_usd_monthly'])),
          lineOf(bill, 'keys').before_high_usd_monthly ?? 0,
          'key-cost',
        );

        // The parts of a filter add up to the whole.
        for (const [filter, values] of [
          ['account', accounts],
          ['region', regions],
        ] as const) {
          const parts = [];
          for (const value of values) parts.push(await moneyOf(engine, { [filter]: value }));
          for (const part of parts) {
            billHolds(part.bill);
            findingsHold(part.bill, part.findings);
          }
          for (const column of amounts) {
            const sum = sumOf(parts, (part) => lineOf(part.bill, 'total')[column]);
            near(sum, lineOf(bill, 'total')[column] ?? 0, `${filter} ${column}`);
          }
          for (const column of [
            'calls',
            'saved_calls_low',
            'saved_calls',
            'saved_calls_high',
          ] as const) {
            const sum = sumOf(parts, (part) => sumOf(part.findings, (row) => row[column]));
            expect(sum).toBe(sumOf(findings, (row) => row[column]));
          }
        }
      }),
    ),
    { numRuns: trails },
  );
  // The trails that were drawn hold each of the cases.
  for (const [name, count] of Object.entries(met)) expect(count, name).toBeGreaterThan(0);
}, 900_000);

test('the settlement alone, over 2,000 random bills', () => {
  const usd = fc.double({ min: 0, max: 100, noNaN: true });
  const count = fc.integer({ min: 0, max: 30_000 });
  const place = fc.record({
    month_scale: fc.constantFrom(null, 1, 3.5, 30),
    eligible: fc.tuple(count, count),
    other: usd,
    keys: fc.integer({ min: 0, max: 3 }),
    copies: count,
  });
  const share = fc.record({
    place: fc.integer({ min: 0, max: 3 }),
    part: fc.double({ min: 0, max: 0.6, noNaN: true }),
    key: fc.boolean(),
    ends: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(place, { minLength: 1, maxLength: 4 }),
      fc.array(share, { maxLength: 6 }),
      (drawn, drawnShares) => {
        const places = drawn.map((one, i): BillPlace => ({
          account_id: String(i),
          region: 'r',
          month_scale: one.month_scale,
          covered_hours: 100,
          calls: one.eligible[0] + one.eligible[1],
          eligible_calls: new Map([
            ['2026-10', one.eligible[0]],
            ['2026-11', one.eligible[1]],
          ]),
          usd_per_eligible_call: 3e-6,
          other_usd: one.other,
          other_high_usd: 5 * one.other,
          keys_usd_monthly: one.keys,
          keys_high_usd_monthly: one.keys,
          copies: one.copies,
          copies_usd: one.copies * 2e-5,
          copies_per_event: 1,
        }));
        const keyTaken = new Set<number>();
        const endTaken = new Set<number>();
        const shares = drawnShares
          .filter((one) => one.place < places.length)
          .map((one): FindingShare => {
            const of = places[one.place]!;
            const takesKey = one.key && of.keys_usd_monthly > 0 && !keyTaken.has(one.place);
            const ends = one.ends && !endTaken.has(one.place);
            if (takesKey) keyTaken.add(one.place);
            if (ends) endTaken.add(one.place);
            return {
              account_id: of.account_id,
              region: 'r',
              // Together they may ask for more than there is: nobody saves more than the bill.
              saved_calls: Math.floor(one.part * of.calls),
              keys_usd_monthly: takesKey ? 1 : 0,
              keys_high_usd_monthly: takesKey ? 1 : 0,
              ends_copies: ends,
            };
          });
        for (const horizon of ['range', 'month'] as const) {
          const { before, after, savings } = settle(places, shares, horizon);
          places.forEach((_, i) => {
            const [was, is] = [before[i], after[i]];
            if (!was || !is) return expect([was, is]).toEqual([null, null]);
            for (const name of ['requests', 'keys', 'copies', 'free_tier'] as const) {
              expect(is[name]).toBeGreaterThanOrEqual(0);
              expect(is[name]).toBeLessThanOrEqual(was[name] + 1e-9);
            }
            const total = (bill: typeof was) =>
              bill.requests + bill.keys + bill.copies - bill.free_tier;
            const saved = savings.reduce(
              (sum, saving, j) =>
                shares[j]!.account_id === String(i) && saving
                  ? sum + saving.requests - saving.free + saving.keys + saving.copies
                  : sum,
              0,
            );
            near(saved, total(was) - total(is), `${horizon} of place ${i}`);
            expect(saved).toBeGreaterThanOrEqual(-1e-12);
            expect(is.requests - is.free_tier).toBeGreaterThanOrEqual(-1e-9);
          });
          // The free tier of the whole, by its definition alone.
          const scaled = places.map((one) => (horizon === 'range' ? 1 : (one.month_scale ?? 0)));
          const perMonth = [0, 1].map((m) =>
            drawn.reduce((sum, one, i) => sum + one.eligible[m]! * scaled[i]!, 0),
          );
          const free =
            horizon === 'range'
              ? perMonth.reduce((sum, calls) => sum + Math.min(20_000, calls), 0)
              : Math.min(20_000, perMonth[0]! + perMonth[1]!);
          near(
            before.reduce((sum, bill) => sum + (bill?.free_tier ?? 0), 0),
            free * 3e-6,
            `free tier of the ${horizon}`,
          );
        }
        return undefined;
      },
    ),
    { numRuns: 2_000 },
  );
});
