import { isoSeconds } from '../core/time.ts';

/** Calls of one bin of time, seconds since the epoch. */
export interface BinCalls {
  bin_from: number;
  calls: number;
}

/** The same hour at one-minute and its worst minute at one-second resolution. */
export interface BurstChart {
  title: string;
  /** Start of the hour, and calls of its minutes. */
  hour_from: number;
  minutes: readonly BinCalls[];
  /** Start of the minute, and calls of its seconds. */
  minute_from: number;
  seconds: readonly BinCalls[];
  limit_per_second: number;
}

const size = { width: 860, height: 300, panel: 360, left: 50, top: 62, high: 190, gap: 50 };
const bins = 60;

/** Two panels of sixty bars on one scale, calls a second: what a minute's average hides. */
export function burstChart(chart: BurstChart): string {
  const most = Math.max(chart.limit_per_second, ...chart.seconds.map((bin) => bin.calls)) * 1.1;
  const perMinute = bars(chart.minutes, chart.hour_from, 60, (calls) => calls / 60);
  const perSecond = bars(chart.seconds, chart.minute_from, 1, (calls) => calls);
  const at = (second: number) => isoSeconds(second).slice(11, 16);
  const panels = [
    panel(perMinute, most, chart.limit_per_second, 0, {
      name: 'one-minute averages',
      from: at(chart.hour_from),
      to: at(chart.hour_from + 3_600),
    }),
    panel(perSecond, most, chart.limit_per_second, 1, {
      name: 'single seconds',
      from: at(chart.minute_from),
      to: at(chart.minute_from + 60),
    }),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${chart.title}">`,
    `<rect width="${size.width}" height="${size.height}" fill="#ffffff"/>`,
    `<text x="${size.left}" y="22" font-size="15" font-weight="600" fill="#1f2933">${chart.title}</text>`,
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}

/** Calls a second of each of the sixty bins; bins without calls are zero here, as they are drawn. */
function bars(
  found: readonly BinCalls[],
  from: number,
  width_seconds: number,
  rate: (calls: number) => number,
): number[] {
  const values = Array.from({ length: bins }, () => 0);
  for (const bin of found) {
    const index = (bin.bin_from - from) / width_seconds;
    if (index >= 0 && index < bins) values[index] = rate(bin.calls);
  }
  return values;
}

function panel(
  values: readonly number[],
  most: number,
  limit: number,
  column: number,
  words: { name: string; from: string; to: string },
): string {
  const x0 = size.left + column * (size.panel + size.gap);
  const y = (value: number) => round(size.top + size.high * (1 - value / most));
  const bottom = size.top + size.high;
  const step = size.panel / bins;
  const peak = Math.max(...values);
  const marks = values.map((value, i) =>
    value === 0
      ? ''
      : `<rect x="${round(x0 + i * step + 0.5)}" y="${y(value)}" width="${round(step - 1)}" height="${round(bottom - y(value))}" fill="${value >= 0.8 * limit ? '#c2410c' : '#2563eb'}"/>`,
  );
  return [
    `<text x="${x0}" y="48" fill="#1f2933">${words.name}: busiest ${round(peak)} calls/s, ${round((100 * peak) / limit)} % of the quota</text>`,
    ...marks.filter((mark) => mark !== ''),
    `<line x1="${x0}" x2="${x0 + size.panel}" y1="${bottom}" y2="${bottom}" stroke="#9aa5b1"/>`,
    `<line x1="${x0}" x2="${x0 + size.panel}" y1="${y(limit)}" y2="${y(limit)}" stroke="#b91c1c" stroke-dasharray="5 4"/>`,
    `<text x="${x0 + size.panel}" y="${round(y(limit) - 5)}" text-anchor="end" fill="#b91c1c">quota ${limit}</text>`,
    `<text x="${x0 - 6}" y="${bottom}" text-anchor="end" fill="#52606d">0</text>`,
    `<text x="${x0 - 6}" y="${round(y(limit) + 4)}" text-anchor="end" fill="#52606d">${limit}</text>`,
    `<text x="${x0}" y="${bottom + 18}" fill="#52606d">${words.from} UTC</text>`,
    `<text x="${x0 + size.panel}" y="${bottom + 18}" text-anchor="end" fill="#52606d">${words.to} UTC</text>`,
  ].join('\n');
}

const round = (value: number) => Math.round(value * 100) / 100;
