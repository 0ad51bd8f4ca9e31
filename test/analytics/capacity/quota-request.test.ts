import { expect, test } from 'vitest';
import quotaRequest from '../../../analytics/capacity/quota-request.ts';
import { configSchema } from '../../../core/config.ts';
import { event } from '../../support/events.ts';
import { runAnalysis } from '../../support/run-analysis.ts';

const config = configSchema.parse({
  quotaOverrides: [{ quota_id: 'crypto_symmetric', value: 10 }],
});

test('a request has value, peak, trend, cause and what was done, worked out by hand', async () => {
  const at = '2026-10-05T12:00:00Z';
  const s3 = { via_service: 's3.amazonaws.com', is_direct: false, context_kind: 's3' };
  const events = [
    // 6 accepted and 2 throttled in one second: demand 8 of 10.
    ...Array.from({ length: 5 }, () =>
      event({ at, ...s3, s3_bucket: 'old', s3_context_is_bucket: false }),
    ),
    event({ at, principal_arn: 'arn:aws:iam::111111111111:role/other' }),
    ...Array.from({ length: 2 }, () => event({ at, outcome: 'throttled' })),
    event({ at: '2026-10-06T12:00:00Z', ...s3, s3_bucket: 'new', s3_context_is_bucket: true }),
    // A quota that is far from full is no request.
    event({ at, quota_id: 'crypto_rsa' }),
  ];
  const { rows, notes } = await runAnalysis(quotaRequest, events, {}, { config });
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({
    caller_account_id: '111111111111',
    region: 'eu-central-1',
    quota_id: 'crypto_symmetric',
    quota_code: 'L-6E3AF000',
    adjustable: true,
    current_value: 10,
    current_basis: 'applied',
    // 8 * 1.3 = 10.4
    desired_value: 11,
    peak_calls: 8,
    peak_at: at,
    peak_percent: 80,
    accepted_peak: 6,
    seconds_80_percent: 0,
    throttled_calls: 2,
    trend: 'not enough history: 2 days with calls',
    cause:
      'by principal: 88 % arn:aws:iam::111111111111:role/app, 13 % arn:aws:iam::111111111111:role/other; by service: 63 % s3.amazonaws.com, 38 % (direct)',
    reduced:
      'S3 Bucket Keys are on in 1 buckets (1 calls); 1 buckets still have calls by object (5 of 9 calls)',
  });
  expect(notes.join(' ')).toMatch(/lower bound/);
  expect((await runAnalysis(quotaRequest, events, { from_percent: 81 }, { config })).rows).toEqual(
    [],
  );
});

test('a growing load asks for what is expected, not only for what was', async () => {
  const day0 = Date.parse('2026-10-05T02:00:00Z') / 1000;
  const events = Array.from({ length: 20 }, (_, day) =>
    Array.from({ length: 5 + day }, () => event({ event_time: day0 + day * 86_400 })),
  ).flat();
  const limits = configSchema.parse({
    quotaOverrides: [{ quota_id: 'crypto_symmetric', value: 30 }],
  });
  const { rows } = await runAnalysis(
    quotaRequest,
    events,
    { horizon_days: 10, headroom_percent: 0 },
    { config: limits },
  );
  // 5 + d: 24 on day 19, 34 on day 29; 30 on day 25.
  expect(rows).toMatchObject([
    {
      peak_calls: 24,
      desired_value: 34,
      trend:
        '+1.0 calls a day in the daily peak over 20 days; the value is expected to be reached on 2026-10-30',
    },
  ]);
});
