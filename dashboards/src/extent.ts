import { analysisInfo, run } from './api-client.ts';
import { state } from './state.ts';

interface Extent {
  from_ms: number | undefined;
  to_ms: number | undefined;
  /** Counted calls of all data; 0 tells an empty database from an empty range. */
  calls: number;
}

let known: Extent = { from_ms: undefined, to_ms: undefined, calls: 0 };

/** From the first to after the last day with calls. */
export const extent = (): Extent => known;

export async function loadExtent(): Promise<void> {
  if (!analysisInfo('call-rates')) return;
  const { rows } = await run('call-rates', { bin: 'day', limit: '100000' });
  const first = rows[0]?.bin_from;
  const last = rows.at(-1)?.bin_from;
  known = {
    from_ms: first === undefined ? undefined : Date.parse(first),
    to_ms: last === undefined ? undefined : Date.parse(last) + 86_400_000,
    calls: rows.reduce((sum, row) => sum + row.calls, 0),
  };
}

/** The chosen range in milliseconds; ends that nobody chose are the data's. */
export function chosenRange(): { from_ms: number; to_ms: number } {
  const { from, to } = state();
  const now = Date.now();
  const from_ms = instant(from) ?? known.from_ms ?? now - 86_400_000;
  const to_ms = instant(to) ?? known.to_ms ?? now;
  return { from_ms, to_ms: Math.max(to_ms, from_ms + 1_000) };
}

const unit_ms = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

function instant(text: string): number | undefined {
  const relative = /^(\d{1,6})([smhdw])$/.exec(text);
  if (relative) {
    return Date.now() - Number(relative[1]) * unit_ms[relative[2] as keyof typeof unit_ms];
  }
  const zoned = /T/.test(text) && !/(Z|[+-]\d{2}:?\d{2})$/.test(text) ? `${text}Z` : text;
  const at = Date.parse(zoned);
  return text === '' || Number.isNaN(at) ? undefined : at;
}
