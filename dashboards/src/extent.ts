import { parseInstant } from '../../core/time.ts';
import { analysisInfo, run } from './api-client.ts';
import { state } from './state.ts';

interface Extent {
  from_ms: number | undefined;
  to_ms: number | undefined;
  /** Stored events; 0 tells an empty database from an empty range. */
  events: number;
}

let known: Extent = { from_ms: undefined, to_ms: undefined, events: 0 };

/** From the first event to the second after the last one. */
export const extent = (): Extent => known;

export async function loadExtent(): Promise<void> {
  if (!analysisInfo('log-totals')) return;
  const { rows } = await run('log-totals', {});
  const [totals] = rows;
  const at = (text: string | null | undefined) => (text ? Date.parse(text) : undefined);
  const last = at(totals?.last_at);
  known = {
    from_ms: at(totals?.first_at),
    to_ms: last === undefined ? undefined : last + 1_000,
    events: totals?.events ?? 0,
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

const instant = (text: string): number | undefined =>
  text === '' ? undefined : parseInstant(text, new Date())?.getTime();

/** What is wrong with the range in the address, by field; nothing is asked until it is right. */
export function rangeFault(): { field: 'from' | 'to'; message: string } | undefined {
  const { from, to } = state();
  for (const field of ['from', 'to'] as const) {
    const text = state()[field];
    if (text !== '' && instant(text) === undefined) {
      return {
        field,
        message: `“${text}” is not an instant. Write 2026-10-05, 2026-10-05T12:00:00Z, or a time ago such as 7d.`,
      };
    }
  }
  const [start, end] = [instant(from), instant(to)];
  if (start !== undefined && end !== undefined && start >= end) {
    return { field: 'to', message: 'The end must be after the start.' };
  }
  return undefined;
}

/** The finest bin that a range can be drawn with; each bin gives its busiest second, so no peak is lost. */
export function binFor(from_ms: number, to_ms: number): 'second' | 'minute' | 'hour' | 'day' {
  const seconds = Math.max(1, (to_ms - from_ms) / 1000);
  if (seconds <= bins_max) return 'second';
  if (seconds / 60 <= bins_max) return 'minute';
  return seconds / 3_600 <= bins_max ? 'hour' : 'day';
}

/** More bins than this on a line are finer than the screen. */
const bins_max = 3_000;
