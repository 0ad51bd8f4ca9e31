/** RFC 3339, also with a space before the time, fractions, ` UTC`, and an offset without its colon. */
const pattern =
  /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:[.,]\d{1,9})?(?: ?(?:[Zz]|UTC|GMT)| ?([+-])(\d{2}):?(\d{2})?)?$/;

/**
 * Whole seconds since the epoch of an eventTime; null when it is none. Fractions are dropped; a time
 * without a zone is UTC, as CloudTrail's are.
 */
export function eventTimeOf(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const match = pattern.exec(value);
  if (!match) return null;
  const [, date, time, sign, hours, minutes] = match;
  const text = `${date}T${time}Z`;
  const milliseconds = Date.parse(text);
  // Date.parse turns 2026-02-31 into March: only a date that comes back is one.
  if (
    Number.isNaN(milliseconds) ||
    !new Date(milliseconds).toISOString().startsWith(text.slice(0, 19))
  ) {
    return null;
  }
  const seconds = milliseconds / 1000;
  if (sign === undefined) return seconds;
  const offset = offsetOf(Number(hours), Number(minutes ?? 0));
  if (offset === null) return null;
  return sign === '-' ? seconds + offset : seconds - offset;
}

/** Seconds of an offset from UTC; the largest in use is 14 hours. */
function offsetOf(hours: number, minutes: number): number | null {
  return hours > 23 || minutes > 59 ? null : hours * 3_600 + minutes * 60;
}
