import { columnTitle, numberText } from '../format.ts';
import { go } from '../state.ts';
import { heatmap } from './heatmap.ts';

const day_ms = 86_400_000;

/**
 * Accounts and Regions by days. A day without rows is a hole and stays empty; it is never drawn as
 * zero.
 */
export function coverageCalendar(
  rows: readonly { scope: string; day: string; hours: number; text: string }[],
): HTMLElement | undefined {
  if (rows.length === 0) return undefined;
  const times = rows.map((row) => Date.parse(row.day));
  const first = times.reduce((a, b) => Math.min(a, b));
  const last = times.reduce((a, b) => Math.max(a, b));
  const days: string[] = [];
  for (let at = first; at <= last && days.length < 400; at += day_ms) {
    days.push(new Date(at).toISOString().slice(0, 10));
  }
  const known = new Map(rows.map((row) => [`${row.scope} ${row.day.slice(0, 10)}`, row]));
  const scopes = [...new Set(rows.map((row) => row.scope))].sort();
  const cells = scopes.flatMap((scope) =>
    days.flatMap((day) => {
      const row = known.get(`${scope} ${day}`);
      return row ? [{ x: day, y: scope, value: row.hours, text: row.text }] : [];
    }),
  );
  // Every day stands on the axis, holes too: the first scope's cells come first and may have some.
  return heatmap(cells, {
    label: `${columnTitle('coverage')} of ${numberText(scopes.length)} accounts and Regions over ${numberText(days.length)} days; ${numberText(scopes.length * days.length - cells.length)} days hold nothing`,
    unit: 'hours covered',
    max: 24,
    xs: days,
    good: true,
    onclick: (cell) => {
      const [account, region] = cell.y.split(' ');
      const from = `${cell.x}T00:00:00.000Z`;
      const to = new Date(Date.parse(from) + day_ms).toISOString();
      go({ from, to, filters: { account, region } });
    },
  });
}
