/** One day of a series; days are numbered from any epoch, and may be missing. */
export interface DayValue {
  day: number;
  value: number;
}

/** Nearest-rank quantile of a non-empty list: the smallest value that at least `share` do not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)]!;
}

/** The middle value; of an even number the mean of both. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

export interface Line {
  slope: number;
  intercept: number;
}

/** Days that the slopes are taken of; beyond them the oldest are left out (a pair of each two). */
const trend_days_max = 730;

/**
 * Theil-Sen: the median of the slopes of all pairs of days, and the median of what is left. Up to 29 %
 * of wild days do not move it (Sen, "Estimates of the regression coefficient based on Kendall's tau",
 * 1968).
 */
export function theilSen(series: readonly DayValue[]): Line {
  const points = series.slice(-trend_days_max);
  const slopes: number[] = [];
  for (let i = 0; i < points.length; i++) {
    for (let j = i + 1; j < points.length; j++) {
      const days = points[j]!.day - points[i]!.day;
      if (days !== 0) slopes.push((points[j]!.value - points[i]!.value) / days);
    }
  }
  const slope = slopes.length === 0 ? 0 : median(slopes);
  return { slope, intercept: median(points.map(({ day, value }) => value - slope * day)) };
}

/** A line, what each day of the week adds to it, and how far real days lie from both. */
export interface Trend extends Line {
  /** By day modulo 7. */
  season: number[];
  /** What is added to the expected value for the lower and the upper end of the band. */
  band_low: number;
  band_high: number;
}

/**
 * Fits a robust line and a weekly season in turn (twice, since each hides in the other), and a band
 * that holds `band_share` of the residuals. The season needs two weeks: a weekday seen once is noise.
 */
export function fitTrend(series: readonly DayValue[], band_share = 0.9): Trend {
  let season = Array.from({ length: 7 }, () => 0);
  let line = theilSen(series);
  for (let round = 0; round < 2; round++) {
    const residuals = Array.from({ length: 7 }, () => [] as number[]);
    for (const { day, value } of series) {
      residuals[weekday(day)]!.push(value - line.intercept - line.slope * day);
    }
    season = residuals.map((list) => (list.length < 2 ? 0 : median(list)));
    line = theilSen(
      series.map(({ day, value }) => ({ day, value: value - season[weekday(day)]! })),
    );
  }
  const trend = { ...line, season, band_low: 0, band_high: 0 };
  const residuals = series.map(({ day, value }) => value - expected(trend, day));
  const tail = (1 - band_share) / 2;
  return {
    ...trend,
    band_low: Math.min(0, quantile(residuals, tail)),
    band_high: Math.max(0, quantile(residuals, 1 - tail)),
  };
}

const weekday = (day: number) => ((day % 7) + 7) % 7;

/** What the trend expects of a day. */
export function expected(trend: Trend, day: number): number {
  return trend.intercept + trend.slope * day + trend.season[weekday(day)]!;
}

/** Allows for the last digit of a sum of medians: 400 - 1e-13 has reached 400. */
const rounding = 1e-6;

/**
 * The first day after `from_day` on which the expected value, moved by `offset`, reaches the level;
 * null when that is not within `days_max`.
 */
export function reaches(
  trend: Trend,
  level: number,
  from_day: number,
  days_max: number,
  offset = 0,
): number | null {
  for (let day = from_day + 1; day <= from_day + days_max; day++) {
    if (expected(trend, day) + offset >= level - rounding) return day;
  }
  return null;
}

export interface BackTest {
  /** Days that were predicted from the days before them. */
  days: number;
  /** Median of the absolute errors, in the series' unit. */
  error_median: number;
  /** Share of the days whose real value lay within the band, 0 to 1. */
  coverage: number;
}

/** Fits the first three quarters of a series and holds the last quarter against it. */
export function backTest(series: readonly DayValue[], band_share = 0.9): BackTest {
  const days = Math.ceil(series.length / 4);
  const trend = fitTrend(series.slice(0, -days), band_share);
  const tested = series.slice(-days);
  const errors = tested.map(({ day, value }) => value - expected(trend, day));
  const inside = errors.filter(
    (error) => error >= trend.band_low - rounding && error <= trend.band_high + rounding,
  );
  return {
    days,
    error_median: median(errors.map((error) => Math.abs(error))),
    coverage: inside.length / days,
  };
}
