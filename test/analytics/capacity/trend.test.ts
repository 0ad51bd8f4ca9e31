import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  backTest,
  expected,
  fitTrend,
  median,
  quantile,
  reaches,
  theilSen,
} from '../../../analytics/capacity/trend.ts';

/** 180 on day 0, 5 more each day, 60 less on the 6th and 7th day of each week. */
const growing = (days: number) =>
  Array.from({ length: days }, (_, day) => ({
    day,
    value: 180 + 5 * day - (day % 7 >= 5 ? 60 : 0),
  }));

test('a line with a weekly season is found exactly, and the day on which it crosses a level', () => {
  const trend = fitTrend(growing(30));
  expect(trend.slope).toBeCloseTo(5, 9);
  expect(expected(trend, 29)).toBeCloseTo(325, 9);
  expect(expected(trend, 33)).toBeCloseTo(180 + 5 * 33 - 60, 9);
  // 180 + 5 d = 400 on day 44, which is no weekend.
  expect(reaches(trend, 400, 29, 100)).toBe(44);
  expect(reaches(trend, 400, 29, 10)).toBeNull();
  expect(reaches(trend, 320, 29, 100)).toBe(30);
  expect([trend.band_low, trend.band_high].map((n) => Math.abs(n) < 1e-9)).toEqual([true, true]);
});

test('wild days move neither the line nor the forecast', () => {
  const series = growing(28).map((day) => (day.day % 9 === 4 ? { ...day, value: 5_000 } : day));
  const trend = fitTrend(series);
  expect(trend.slope).toBeCloseTo(5, 1);
  expect(Math.abs(expected(trend, 30) - 330)).toBeLessThan(6);
});

test('a flat series never reaches more, a falling one less and less', () => {
  const flat = Array.from({ length: 20 }, (_, day) => ({ day, value: 100 }));
  expect(reaches(fitTrend(flat), 101, 19, 1_000)).toBeNull();
  expect(reaches(fitTrend(flat), 100, 19, 1_000)).toBe(20);
  const falling = flat.map(({ day }) => ({ day, value: 300 - 2 * day }));
  expect(expected(fitTrend(falling), 100)).toBeCloseTo(100, 9);
  expect(reaches(fitTrend(falling), 280, 19, 1_000)).toBeNull();
});

test('the band is made of the residuals, and the back-test tells how often it held', () => {
  // Days alternate 10 above and 10 below a flat 100: Theil-Sen 0, every residual 10.
  const series = Array.from({ length: 28 }, (_, day) => ({ day, value: day % 2 === 0 ? 110 : 90 }));
  const trend = fitTrend(series);
  expect(Math.abs(trend.slope)).toBeLessThan(0.2);
  const result = backTest(series);
  expect(result.days).toBe(7);
  expect(result.coverage).toBeGreaterThan(0.5);
  expect(backTest(growing(28))).toMatchObject({ days: 7, coverage: 1 });
  expect(backTest(growing(28)).error_median).toBeCloseTo(0, 9);
  // The last quarter jumps by 1000: the method must say that it failed.
  const jump = growing(28).map((d) => (d.day >= 21 ? { ...d, value: d.value + 1_000 } : d));
  expect(backTest(jump)).toMatchObject({ days: 7, coverage: 0 });
  expect(backTest(jump).error_median).toBeCloseTo(1_000, 9);
});

test('the median and the quantile', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.05)).toBe(1);
  expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.95)).toBe(10);
  expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9)).toBe(9);
});

test('Theil-Sen equals the plain median over all pairs', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.record({ day: fc.nat(60), value: fc.nat(1_000) }), {
        selector: (point) => point.day,
        minLength: 2,
        maxLength: 25,
      }),
      (series) => {
        const slopes = series
          .flatMap((a) =>
            series.filter((b) => b.day > a.day).map((b) => (b.value - a.value) / (b.day - a.day)),
          )
          .sort((a, b) => a - b);
        const n = slopes.length;
        const middle = n % 2 ? slopes[(n - 1) / 2]! : (slopes[n / 2 - 1]! + slopes[n / 2]!) / 2;
        expect(theilSen(series).slope).toBeCloseTo(middle, 9);
      },
    ),
    { numRuns: 200 },
  );
});
