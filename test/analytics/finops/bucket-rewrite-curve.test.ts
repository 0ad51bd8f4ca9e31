import fc from 'fast-check';
import { expect, test } from 'vitest';
import bucketKeySavings, {
  type BucketSavingRow,
} from '../../../analytics/finops/bucket-key-savings.ts';
import rewriteCurve, {
  batchManifest,
  cutOf,
  encodedKey,
  type RewriteCurveRow,
} from '../../../analytics/finops/bucket-rewrite-curve.ts';
import { configSchema, defaultConfig, type Config } from '../../../core/config.ts';
import type { KmsEvent } from '../../../store/relations.ts';
import { event, withEvents } from '../../support/events.ts';

const start = Date.parse('2026-10-05T00:00:00Z') / 1000;
const call = (second: number, object: string, changes: Partial<KmsEvent> = {}) =>
  event({
    event_time: start + second,
    context_kind: 's3',
    s3_bucket: 'data',
    s3_context_is_bucket: false,
    resource_arn: `arn:aws:s3:::data/${object}`,
    ...changes,
  });

test('all objects rewritten save what bucket-key-savings says of the older ones', async () => {
  const drawn = fc.record({
    second: fc.integer({ min: 0, max: 300 }),
    object: fc.constantFrom('a', 'b', 'c'),
    write: fc.boolean(),
    session: fc.constantFrom('s', 't'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(drawn, { minLength: 1, maxLength: 60 }), async (calls) => {
      const events = calls.map((c) =>
        call(c.second, c.object, {
          caller_arn: c.session,
          operation: c.write ? 'GenerateDataKey' : 'Decrypt',
        }),
      );
      await withEvents(events, async (engine) => {
        const context = { engine, config: defaultConfig };
        const curve = (await rewriteCurve.execute({}, context)).rows as RewriteCurveRow[];
        const savings = (await bucketKeySavings.execute({}, context)).rows as BucketSavingRow[];
        const last = rewriteCurve.row.parse(curve.at(-1)) as RewriteCurveRow;
        expect(last.saved_calls).toBe(
          savings[0]!.reads_older - savings[0]!.reads_older_after_high!,
        );
        expect(last.objects_read).toBe(savings[0]!.objects_older);
      });
    }),
    { numRuns: 15 },
  );
});

test('the manifest lists the hottest first, encoded, and ends where the rewrite stops paying', async () => {
  // Read each second for a while: at T = 60 s one call in sixty is left.
  const reads = (object: string, count: number) =>
    Array.from({ length: count }, (_, i) => call(i, object));
  const events = [
    ...reads('warm/b c,"d"\n.txt', 120),
    ...reads('hot/ä.csv', 600),
    ...reads('cold', 2),
    call(2 * 86_400, 'once'),
  ];
  const lines = (params: Record<string, unknown>, config: Config) =>
    withEvents(events, async (engine) => {
      const found: string[] = [];
      for await (const line of batchManifest(params, { engine, config })) found.push(line);
      return found;
    });
  const dear = configSchema.parse({
    priceOverrides: [{ class_id: 'symmetric', usd_per_10k: 100 }],
  });
  // 49 covered hours: a spared call is worth 0.01 x 730 / 49 x 12 = $1.79 over a year.
  expect(await lines({ bucket: 'data' }, dear)).toEqual([
    'data,hot/%C3%A4.csv\n',
    'data,warm/b%20c%2C%22d%22%0A.txt\n',
    'data,cold\n',
  ]);
  // At the list price 709 spared calls are worth $0.03 a month: less than the job's fee.
  expect(await lines({ bucket: 'data', horizon_months: 1 }, defaultConfig)).toEqual([]);
  await expect(lines({}, defaultConfig)).rejects.toMatchObject({ code: 'manifest_bucket' });
  await expect(lines({ bucket: 'a,b' }, defaultConfig)).rejects.toMatchObject({
    code: 'manifest_bucket',
  });
});

test('the cut is where one more object costs more than it saves, by hand', () => {
  const pay = { usd_per_call: 0, usd_per_saved: 0.001 };
  // An object costs 0.000006; the job 0.25.
  const hot = [300, 200, 1, 0.005].map((saved) => ({ saved }));
  expect(cutOf(hot, pay)).toBe(3);
  expect(cutOf(hot.slice(1), pay)).toBe(0);
});

test('encoded keys come back as they were', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (key) => {
      const encoded = encodedKey(key);
      expect(encoded).not.toMatch(/[,"\n\r ]/);
      expect(decodeURIComponent(encoded)).toBe(key);
    }),
  );
});
