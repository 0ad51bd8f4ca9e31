const relative = /^(\d{1,6})(s|m|h|d|w)$/;
const unit_ms = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const absolute = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * An instant from ISO 8601 (no zone means UTC) or relative text (`7d` is seven days before `now`).
 * Null when it is neither.
 */
export function parseInstant(text: string, now: Date): Date | null {
  const trimmed = text.trim();
  const match = relative.exec(trimmed);
  if (match) {
    return new Date(now.getTime() - Number(match[1]) * unit_ms[match[2] as keyof typeof unit_ms]);
  }
  if (!absolute.test(trimmed)) return null;
  const zoned =
    /T/.test(trimmed) && !/(Z|[+-]\d{2}:?\d{2})$/.test(trimmed) ? `${trimmed}Z` : trimmed;
  const instant = new Date(zoned);
  return Number.isNaN(instant.getTime()) ? null : instant;
}

/** Milliseconds of a duration such as `90s`, `15m`, `12h`, `7d` or `2w`; null when it is none. */
export function parseDuration(text: string): number | null {
  const match = relative.exec(text.trim());
  return match ? Number(match[1]) * unit_ms[match[2] as keyof typeof unit_ms] : null;
}

/** `YYYY-MM-DDTHH:MM:SSZ` of seconds since the epoch. */
export function isoSeconds(epoch_seconds: number): string {
  return `${new Date(epoch_seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/** Seconds since the epoch of an instant as the engine gives it. */
export function epochSeconds(iso: string): number {
  return Math.floor(Date.parse(iso) / 1000);
}
