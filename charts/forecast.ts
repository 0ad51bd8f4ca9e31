import { axis, inside, legend, levelLines, tooltip, type Drawing } from './look.ts';
import { numberText, plain, shortNumber } from './words.ts';

export interface ForecastDay {
  day: string;
  calls: number | null;
  peak_at: string | null;
  expected_calls: number | null;
  expected_low: number | null;
  expected_high: number | null;
}

/** The busiest second of each day, what is expected, the band that it is expected in, and the quota. */
export function forecastDrawing(
  scope: string,
  days: readonly ForecastDay[],
  limit: number | undefined,
): Drawing | undefined {
  if (days.length === 0) return undefined;
  const at = (day: ForecastDay) => Date.parse(day.day);
  const last = days.filter((day) => day.expected_calls !== null).at(-1);
  const known = new Map(days.map((day) => [at(day), day]));
  const highest = days.reduce(
    (most, day) => Math.max(most, day.calls ?? 0, day.expected_high ?? 0),
    limit ?? 0,
  );
  return {
    label: `${scope}: ${last ? `expected ${numberText(last.expected_calls!)} calls in the busiest second on ${last.day.slice(0, 10)}` : 'too little history for a forecast'}${limit === undefined ? '' : `, quota ${numberText(limit)}`}`,
    height: 320,
    option: (look) => {
      const { palette } = look;
      const line = (name: string, pick: (day: ForecastDay) => number | null, more: object) => ({
        name,
        type: 'line',
        connectNulls: false,
        data: days.map((day) => [at(day), pick(day)]),
        ...more,
      });
      return {
        useUTC: true,
        color: [palette.series[0], palette.series[1], palette.series[1]],
        grid: { left: 8, right: 24, top: 34, bottom: 8, ...inside },
        legend: legend(look, {
          data: ['Busiest second of the day', 'Expected', 'Expected band'],
        }),
        tooltip: tooltip(look, 'axis', (parameters) => {
          const time = (parameters as { value: [number, unknown] }[])[0]?.value[0];
          const day = time === undefined ? undefined : known.get(time);
          if (!day) return '';
          const number = (value: number | null) => (value === null ? 'unknown' : numberText(value));
          return plain(
            [
              day.day.slice(0, 10),
              ...(day.calls === null
                ? []
                : [
                    `${number(day.calls)} calls${day.peak_at ? ` at ${day.peak_at.slice(11, 19)} UTC` : ''}`,
                  ]),
              ...(day.expected_calls === null
                ? []
                : [
                    `expected ${number(day.expected_calls)}, from ${number(day.expected_low)} to ${number(day.expected_high)}`,
                  ]),
              ...(limit === undefined ? [] : [`quota ${numberText(limit)}`]),
            ].join('\n'),
          );
        }),
        xAxis: axis(look, {
          type: 'time',
          splitLine: { show: false },
          axisLabel: { color: palette.muted, hideOverlap: true },
        }),
        yAxis: axis(look, {
          type: 'value',
          min: 0,
          max: Math.ceil(highest * 1.1),
          name: 'calls in a second',
          nameTextStyle: { color: palette.muted, align: 'left' },
          axisLabel: { color: palette.muted, formatter: shortNumber, showMaxLabel: false },
        }),
        series: [
          line('Busiest second of the day', (day) => day.calls, {
            showSymbol: days.length < 60,
            symbolSize: 5,
            itemStyle: { color: palette.series[0] },
            ...(limit === undefined
              ? {}
              : {
                  markLine: levelLines(
                    look,
                    [{ name: `quota ${numberText(limit)}`, value: limit }],
                    'yAxis',
                  ),
                }),
          }),
          line('Expected', (day) => day.expected_calls, {
            showSymbol: false,
            lineStyle: { type: 'dashed' },
            itemStyle: { color: palette.series[1] },
          }),
          // The band is drawn as an invisible base and the width above it.
          line('low', (day) => day.expected_low, {
            stack: 'band',
            symbol: 'none',
            lineStyle: { opacity: 0 },
            silent: true,
          }),
          line(
            'Expected band',
            (day) =>
              day.expected_high === null || day.expected_low === null
                ? null
                : day.expected_high - day.expected_low,
            {
              stack: 'band',
              symbol: 'none',
              lineStyle: { opacity: 0 },
              itemStyle: { color: palette.series[1] },
              areaStyle: { opacity: 0.18, color: palette.series[1] },
              silent: true,
            },
          ),
        ],
      };
    },
  };
}
