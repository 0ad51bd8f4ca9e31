import type { Results } from './ingest.ts';
import { ratio, type Measured } from './measure.ts';
import type { SideName } from './sides.ts';

interface Bar {
  text: string;
  /** Wanted at least, or at most. */
  bar: number;
  atMost?: boolean;
  found: number;
  /** The same by processor time, where it says something. */
  cpu?: number;
}

/** The bars that were set before the work began, and what was found. */
export function barsText(results: Results): string {
  const rows = barsOf(results).map(({ text, bar, atMost, found, cpu }) => {
    const reached = atMost ? found <= bar : found >= bar;
    const wanted = `${atMost ? 'at most' : 'at least'} ${bar}`;
    return `| ${text} | ${wanted} | ${found.toFixed(2)} | ${cpu?.toFixed(2) ?? ''} | ${reached ? 'reached' : '**not reached**'} |`;
  });
  if (rows.length === 0) return '';
  const head = ['| | bar | found (wall) | by CPU | |', '|---|---|---:|---:|---|'];
  return ['## Bars', '', ...head, ...rows].join('\n');
}

function barsOf({ measured, memory }: Results): Bar[] {
  const { mid, random, small, noise } = measured;
  const bars: (Bar | null)[] = [
    times(mid, 'plain DuckDB', 3),
    times(mid, 'chDB', 2),
    share(mid, 0.35),
    times(random, 'plain DuckDB', 1.8),
    times(small, 'plain DuckDB', 15),
    share(small, 0.25),
    share(noise, 0.6),
  ];
  const [few, many] = memory.map(({ run }) => run.rss_bytes_peak);
  if (few && many) {
    bars.push(
      {
        text: 'peak RSS on all, times that on a tenth',
        bar: 1.15,
        atMost: true,
        found: many / few,
      },
      { text: 'peak RSS on all, GB', bar: 1.5, atMost: true, found: many / 1e9 },
    );
  }
  return bars.filter((bar) => bar !== null);
}

function times(measured: Measured | undefined, side: SideName, bar: number): Bar | null {
  if (!measured?.runs[side]) return null;
  const of = (unit: 'wall_s' | 'cpu_s') => ratio(measured, side, 'keymeter', unit);
  return {
    text: `${measured.data.name}: times ${side}`,
    bar,
    found: of('wall_s'),
    cpu: of('cpu_s'),
  };
}

function share(measured: Measured | undefined, bar: number): Bar | null {
  if (!measured) return null;
  const of = (unit: 'wall_s' | 'cpu_s') => ratio(measured, 'floor', 'keymeter', unit);
  const text = `${measured.data.name}: share of the read-and-gunzip floor`;
  return { text, bar, found: of('wall_s'), cpu: of('cpu_s') };
}
