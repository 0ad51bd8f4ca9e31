import { axis, inside, levelLines, type Drawing } from './look.ts';
import { instantText, numberText } from './words.ts';

/** Calls of one bin of time, seconds since the epoch. */
export interface BinCalls {
  bin_from: number;
  calls: number;
}

/** The same hour by minutes and its worst minute by seconds. */
export interface Burst {
  title: string;
  /** Start of the hour, and calls of its minutes. */
  hour_from: number;
  minutes: readonly BinCalls[];
  /** Start of the minute, and calls of its seconds. */
  minute_from: number;
  seconds: readonly BinCalls[];
  limit_per_second: number;
}

/** Two plots on one scale of calls a second: what the average of a minute hides. */
export function burstDrawing(burst: Burst): Drawing {
  const perMinute = burst.minutes.map((bin) => [bin.bin_from * 1000, bin.calls / 60] as const);
  const perSecond = burst.seconds.map((bin) => [bin.bin_from * 1000, bin.calls] as const);
  const most = Math.max(burst.limit_per_second, ...perSecond.map(([, calls]) => calls));
  const said = (name: string, values: readonly (readonly [number, number])[]) => {
    const peak = Math.max(0, ...values.map(([, value]) => value));
    const share = Math.round((1000 * peak) / burst.limit_per_second) / 10;
    return `${name}: at most ${numberText(Math.round(100 * peak) / 100)} calls/s, ${numberText(share)} % of the quota`;
  };
  const panels = [
    {
      name: said('By the minute', perMinute),
      data: perMinute,
      from: burst.hour_from,
      to: burst.hour_from + 3_600,
      half: 30_000,
    },
    {
      name: said('By the second', perSecond),
      data: perSecond,
      from: burst.minute_from,
      to: burst.minute_from + 60,
      half: 500,
    },
  ];
  return {
    label: `${burst.title}. ${panels.map((panel) => panel.name).join('. ')}`,
    height: 300,
    option: (look) => ({
      useUTC: true,
      title: [
        {
          text: burst.title,
          left: 8,
          top: 4,
          textStyle: { fontSize: 15, color: look.palette.text },
        },
        ...panels.map((panel, i) => ({
          text: panel.name,
          left: i === 0 ? 8 : '51%',
          top: 34,
          textStyle: { fontSize: 12, fontWeight: 'normal', color: look.palette.text },
        })),
      ],
      grid: panels.map((_, i) => ({
        left: i === 0 ? 8 : '51%',
        right: i === 0 ? '51%' : 12,
        top: 66,
        bottom: 10,
        ...inside,
      })),
      xAxis: panels.map((panel, gridIndex) =>
        axis(look, {
          type: 'time',
          gridIndex,
          min: panel.from * 1000,
          max: panel.to * 1000,
          splitNumber: 4,
          splitLine: { show: false },
          axisLabel: {
            color: look.palette.muted,
            hideOverlap: true,
            formatter: (at: number) => instantText(at, true).slice(11, gridIndex === 0 ? 16 : 19),
          },
        }),
      ),
      yAxis: panels.map((_, gridIndex) =>
        axis(look, { type: 'value', gridIndex, min: 0, max: Math.ceil(most * 1.1) }),
      ),
      series: panels.map((panel, i) => ({
        type: 'bar',
        xAxisIndex: i,
        yAxisIndex: i,
        barWidth: 3,
        data: panel.data.map(([at, value]) => ({
          value: [at + panel.half, value],
          itemStyle: {
            color:
              value >= 0.8 * burst.limit_per_second ? look.palette.warn : look.palette.series[0],
          },
        })),
        markLine: levelLines(
          look,
          [{ name: `quota ${burst.limit_per_second}`, value: burst.limit_per_second }],
          'yAxis',
        ),
      })),
    }),
  };
}
