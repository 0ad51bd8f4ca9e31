import type { ReportSchedule } from '../core/alert-config.ts';

const day_ms = 86_400_000;

/**
 * The period whose report is due at `now`: the start of the latest day, week (from Monday) or month whose
 * time of day has come, as ISO date. A report is made once a period.
 */
export function duePeriod({ every, at }: Pick<ReportSchedule, 'every' | 'at'>, now: Date): string {
  const [hour, minute] = at.split(':').map(Number) as [number, number];
  const offset_ms = (hour * 60 + minute) * 60_000;
  const day = Math.floor((now.getTime() - offset_ms) / day_ms) * day_ms;
  const date = new Date(day);
  if (every === 'week') return isoDay(day - ((date.getUTCDay() + 6) % 7) * day_ms);
  if (every === 'month') return isoDay(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1));
  return isoDay(day);
}

const isoDay = (ms: number) => new Date(ms).toISOString().slice(0, 10);
