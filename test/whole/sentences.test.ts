import { describe, expect, test } from 'vitest';
import { coverageSentences, type CoverageFacts } from '../../analytics/coverage-note.ts';
import { findingSentence, type FindingFigures } from '../../analytics/finops/finding-sentence.ts';
import { plural, usdRange, usdText } from '../../core/words.ts';
import { billSentences } from '../../reports/bill-section.ts';

const finding: FindingFigures = {
  finding: 'bucket_key_off',
  title: 'Bucket encrypts each object with a KMS call of its own',
  resource: 'data',
  calls: 448,
  saved_calls: 380,
  saved_calls_high: 380,
  saving_usd: 0.00114,
  saving_usd_monthly: 12.5,
  saving_high_usd_monthly: 12.5,
  saving_list_usd_monthly: 12.5,
  one_time_cost_usd: 0,
  payback_months: 0,
  confidence: 'high',
};

describe('every form of the sentence of a finding', () => {
  test.each<[string, Partial<FindingFigures>, string]>([
    ['certain', {}, 'Spares 380 of 448 calls; saves $12.50 a month. Confidence: high.'],
    [
      'with a band',
      { saved_calls_high: 400 },
      'Spares 380 of 448 calls, up to 400 at best; saves $12.50 a month. Confidence: high.',
    ],
    [
      'one call',
      { calls: 1, saved_calls: 1, saved_calls_high: 1 },
      'Spares 1 of 1 call; saves $12.50 a month. Confidence: high.',
    ],
    [
      'nothing for certain',
      { saved_calls: 0, saving_usd_monthly: 0, saving_high_usd_monthly: 0.004, confidence: 'low' },
      'May spare up to 380 of 448 calls, none for certain; saves up to $0.004 a month. Confidence: low.',
    ],
    [
      'inside the free tier',
      { saving_usd_monthly: 0, saving_high_usd_monthly: 0 },
      'Spares 380 of 448 calls; saves no money: the free tier covers these calls. Confidence: high.',
    ],
    [
      'too short for a month',
      { saving_usd_monthly: null, saving_high_usd_monthly: null, saving_list_usd_monthly: null },
      'Spares 380 of 448 calls; saves $0.0011 in the range, too short for a month. Confidence: high.',
    ],
    [
      'no money, too short for a month',
      {
        saving_usd: 0,
        saving_usd_monthly: null,
        saving_high_usd_monthly: null,
        saving_list_usd_monthly: null,
      },
      'Spares 380 of 448 calls; saves no money in the range, which is too short for a month. Confidence: high.',
    ],
    [
      'a one-off cost that pays back',
      { one_time_cost_usd: 25, payback_months: 2 },
      'Spares 380 of 448 calls; saves $12.50 a month; costs $25.00 once, paid back in 2 months. Confidence: high.',
    ],
    [
      'within the first month',
      { one_time_cost_usd: 0.26, payback_months: 0.02 },
      'Spares 380 of 448 calls; saves $12.50 a month; costs $0.26 once, paid back in less than a month. Confidence: high.',
    ],
    [
      'after years',
      { one_time_cost_usd: 0.255, saving_usd_monthly: 0.0005, payback_months: 510 },
      'Spares 380 of 448 calls; saves $0.0005 a month; costs $0.26 once, paid back in 43 years. Confidence: high.',
    ],
    [
      'never',
      {
        one_time_cost_usd: 0.255,
        saving_usd_monthly: 0,
        saving_high_usd_monthly: 0,
        payback_months: null,
      },
      'Spares 380 of 448 calls; saves no money: the free tier covers these calls; costs $0.26 once, which is never paid back. Confidence: high.',
    ],
    [
      'an idle key',
      {
        finding: 'idle_key',
        calls: 0,
        saved_calls: 0,
        saved_calls_high: 0,
        saving_usd_monthly: 1,
        saving_high_usd_monthly: 1,
        confidence: 'low',
      },
      'Saves $1.00 a month. Confidence: low.',
    ],
    [
      'an idle key that AWS may manage',
      {
        finding: 'idle_key',
        calls: 0,
        saved_calls: 0,
        saved_calls_high: 0,
        saving_usd_monthly: 0,
        saving_high_usd_monthly: 1,
        confidence: 'low',
      },
      'Saves $0.00 to $1.00 a month. Confidence: low.',
    ],
  ])('%s', (_, changes, expected) => {
    const row = { ...finding, ...changes };
    expect(findingSentence(row)).toBe(`${row.title}: ${row.resource}. ${expected}`);
  });
});

describe('the bill in sentences', () => {
  const line = (name: string, low: number | null, high = low, more: object = {}) => ({
    account_id: '(all)',
    line: name,
    before_usd: low ?? 0.5,
    before_high_usd: high ?? 0.5,
    before_usd_monthly: low,
    before_high_usd_monthly: high,
    saving_usd: 0.1,
    saving_usd_monthly: low === null ? null : 0.25,
    one_time_cost_usd: 0,
    ...more,
  });
  const of = (account_id: string) => ({ ...line('total', 1), account_id });

  test('a month, with both ends of what is uncertain', () => {
    const rows = [
      line('requests', 3),
      line('keys', 1, 4),
      line('cloudtrail_copies', 0.5),
      line('free_tier', -0.06),
      line('total', 4.44, 7.44, { one_time_cost_usd: 0.3 }),
      of('111111111111'),
    ];
    expect(billSentences(rows)).toEqual([
      'KMS costs $4.44 to $7.44 a month: $3.00 for requests, $1.00 to $4.00 for keys, $0.50 for events that further trails log again, less $0.06 of free tier.',
      'The findings take $0.25 off it, and cost $0.30 once.',
    ]);
  });

  test('a range that is too short for a month', () => {
    const names = ['requests', 'keys', 'cloudtrail_copies', 'free_tier', 'total'];
    const rows = [
      ...names.map((name) =>
        line(name, null, null, name === 'free_tier' ? { before_usd: -0.06 } : {}),
      ),
      of('1'),
      of('2'),
    ];
    expect(billSentences(rows)).toEqual([
      'KMS costs $0.50 in the range: $0.50 for requests, $0.50 for keys, $0.50 for events that further trails log again, less $0.06 of free tier.',
      'The findings take $0.10 off it.',
      'No month is shown: fewer than 24 hours are covered of each of 2 accounts.',
    ]);
  });
});

describe('coverage in sentences', () => {
  const facts = (changes: Partial<CoverageFacts>): CoverageFacts => ({
    from: '2026-10-01T00:00:00Z',
    to: '2026-10-01T05:00:00Z',
    pairs: [{ account_id: '111111111111', region: 'us-east-1', hours: 5, hours_covered: 5 }],
    hours: 5,
    hours_covered: 5,
    dead_objects: 0,
    rejected_records: 0,
    logging_changes: [],
    ...changes,
  });
  const range = 'from 2026-10-01T00:00:00Z to 2026-10-01T05:00:00Z';
  const place = 'account 111111111111 in us-east-1';

  test.each<[string, Partial<CoverageFacts>, string]>([
    ['whole', {}, `Coverage: 5 of 5 hours ${range} are covered for ${place}.`],
    [
      'one hour',
      { hours: 1, hours_covered: 1 },
      `Coverage: 1 of 1 hour ${range} is covered for ${place}.`,
    ],
    [
      'one hole',
      { hours_covered: 4 },
      `Coverage: 4 of 5 hours ${range} are covered for ${place}. 1 hour is a hole: its trail delivered nothing for any Region, so what happened then is unknown.`,
    ],
    [
      'nothing',
      { hours_covered: 0 },
      'Coverage: no file that was read covers any of this range; the absence of a row proves nothing.',
    ],
  ])('%s', (_, changes, expected) => {
    expect(coverageSentences(facts(changes))).toEqual([expected]);
  });

  test('losses are counted in singular and plural', () => {
    const sentence = (dead_objects: number, rejected_records: number) =>
      coverageSentences(facts({ dead_objects, rejected_records }))[1];
    expect(sentence(1, 1)).toBe(
      'Coverage: 1 object could not be read and 1 record was rejected; their calls are missing here.',
    );
    expect(sentence(2, 0)).toBe(
      'Coverage: 2 objects could not be read and 0 records were rejected; their calls are missing here.',
    );
  });
});

test('numbers in words', () => {
  expect([plural(1, 'call'), plural(0, 'call'), plural(2_345, 'call')]).toEqual([
    '1 call',
    '0 calls',
    '2,345 calls',
  ]);
  expect(plural(2, 'account and Region', 'accounts and Regions')).toBe('2 accounts and Regions');
  expect([usdText(0), usdText(1_234.5), usdText(0.00046), usdText(-2)]).toEqual([
    '$0.00',
    '$1,234.50',
    '$0.00046',
    '-$2.00',
  ]);
  expect([usdRange(1, 1), usdRange(0, 1)]).toEqual(['$1.00', '$0.00 to $1.00']);
});
