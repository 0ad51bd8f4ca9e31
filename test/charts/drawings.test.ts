import { describe, expect, it } from 'vitest';
import { barsDrawing } from '../../charts/bars.ts';
import { beforeAfterDrawing } from '../../charts/before-after.ts';
import { daysDrawing } from '../../charts/days.ts';
import { forecastDrawing } from '../../charts/forecast.ts';
import { heatDrawing } from '../../charts/heat.ts';
import type { Drawing, Look } from '../../charts/look.ts';
import { withGaps, type RatePoint } from '../../charts/rates.ts';
import { numberText, percentText, shortName, usd } from '../../charts/words.ts';
import { filePalette } from '../../reports/chart-drawing.ts';

const look: Look = { palette: filePalette, utc: true, width: 900 };
/** What ECharts would be given. */
const drawn = (drawing: Drawing | undefined) => drawing!.option(look) as Record<string, any>;

const point = (bin_from: string, calls: number): RatePoint => ({
  bin_from,
  calls,
  throttled_calls: 0,
  calls_per_second_peak: calls,
  peak_at: bin_from,
});

describe('a line of rates', () => {
  const points = [point('2026-10-05T00:00:00Z', 3), point('2026-10-05T04:00:00Z', 5)];
  const values = (covered?: ReadonlySet<string>) =>
    withGaps(points, 'hour', covered).map(([at, value]) => [new Date(at).getUTCHours(), value]);

  it('is zero where files were read and nobody called', () => {
    const zero = [
      [0, 3],
      [1, 0],
      [3, 0],
      [4, 5],
    ];
    expect(values()).toEqual(zero);
    expect(values(new Set(['2026-10-05']))).toEqual(zero);
  });

  it('breaks where nothing was read, also for years', () => {
    const far = [point('2021-07-29T00:00:00Z', 3), point('2023-07-10T00:00:00Z', 5)];
    const covered = new Set(['2021-07-29', '2023-07-10']);
    expect(withGaps(far, 'day', covered).map(([, value]) => value)).toEqual([3, null, null, 5]);
  });
});

describe('a heat map of counts', () => {
  const cells = [1, 1_000, 25_000].map((value, i) => ({
    x: `k${i}`,
    y: 'p',
    value,
    text: `${value} calls`,
  }));
  const option = drawn(heatDrawing(cells, { label: 'calls', unit: 'calls', scale: 'count' }));

  it('prints the count, not its logarithm, and colours by order of magnitude', () => {
    const [series] = option['series'];
    const labels = cells.map((_, dataIndex) => series.label.formatter({ dataIndex }));
    expect(labels).toEqual(['1', '1\u202f000', '25K']);
    expect(series.data.map((one: { value: number[] }) => one.value[2])).toEqual([
      0,
      3,
      Math.log10(25_000),
    ]);
  });

  it('names the ends of its scale in calls', () => {
    expect(option['visualMap'].text).toEqual(['25\u202f000 calls', '1 call']);
  });
});

describe('what is above a quota', () => {
  it('is drawn as alarming, beside the line of the quota', () => {
    const option = drawn(
      beforeAfterDrawing([{ name: 'source', before: 260, after: 130 }], {
        measure: 'calls',
        text: String,
        levels: [{ name: 'quota 200/s', value: 200 }],
      }),
    );
    const [after, before] = option['series'];
    expect(before.data[0].itemStyle.color).toBe(filePalette.bad);
    expect(after.data[0].itemStyle.color).not.toBe(filePalette.bad);
    expect(after.markLine.data[0]).toMatchObject({ xAxis: 200 });
    expect(option['xAxis'].max).toBeGreaterThan(260);
  });

  it('is red from the quota on and orange from 80 % on, in bars of quotas', () => {
    const option = drawn(
      barsDrawing(
        [130, 85, 20].map((value) => ({ name: `q${value}`, value })),
        { measure: 'use', text: percentText, warn: 80, bad: 100 },
      ),
    );
    const colours = option['series'][0].data.map(
      (one: { itemStyle: { color: string } }) => one.itemStyle.color,
    );
    expect(colours).toEqual([filePalette.series[0], filePalette.warn, filePalette.bad]);
  });
});

describe('columns of days', () => {
  it('stack what belongs to one day, also when a name misses days', () => {
    const option = drawn(
      daysDrawing(
        [
          { name: 'a', bars: [{ at: '2026-10-05', value: 1 }] },
          { name: 'b', bars: [{ at: '2026-10-06', value: 2 }] },
        ],
        { measure: 'cost', text: usd },
      ),
    );
    const days = ['2026-10-05', '2026-10-06'].map((day) => Date.parse(day));
    expect(option['series'].map((one: { data: unknown }) => one.data)).toEqual([
      [
        [days[0], 1],
        [days[1], 0],
      ],
      [
        [days[0], 0],
        [days[1], 2],
      ],
    ]);
  });
});

describe('a forecast', () => {
  const day = (text: string, calls: number | null, expected: number | null) => ({
    day: text,
    calls,
    peak_at: null,
    expected_calls: expected,
    expected_low: expected === null ? null : expected - 10,
    expected_high: expected === null ? null : expected + 20,
  });

  it('has its band, its quota line, and room above both', () => {
    const days = [day('2026-10-05', 100, 90), day('2026-10-06', null, 120)];
    const option = drawn(forecastDrawing('scope', days, 400));
    const [seen, , low, band] = option['series'];
    expect(seen.data[1][1]).toBeNull();
    expect(seen.markLine.data[0]).toMatchObject({ yAxis: 400 });
    expect(option['yAxis'].max).toBeGreaterThan(400);
    // The band stands on its lower end and is as wide as the two are apart.
    expect([low.data[0][1], band.data[0][1]]).toEqual([80, 30]);
  });
});

describe('words of numbers', () => {
  it('set thousands apart, and give money the digits that mean something', () => {
    expect(numberText(38_560)).toBe('38\u202f560');
    expect([131.256, 0.00876, 12_345.67, -0.5, 0].map(usd)).toEqual([
      '$131.26',
      '$0.0088',
      '$12\u202f346',
      '−$0.50',
      '$0.00',
    ]);
    expect(percentText(97.34)).toBe('97.3\u202f%');
  });

  it('shorten ARNs to what tells them apart', () => {
    const id = '12b36560-a26f-4a2e-a860-9e5ae4d169d8';
    expect(shortName(`arn:aws:kms:eu-west-1:111122223333:key/${id}`)).toBe('key 12b36560…');
    expect(shortName('arn:aws:iam::111122223333:role/ci/deployer')).toBe('role/ci/deployer');
    expect(shortName('plain')).toBe('plain');
  });
});
