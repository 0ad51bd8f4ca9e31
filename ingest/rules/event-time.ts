const pattern = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?Z?$/;

/** Whole seconds since the epoch of an eventTime (UTC; fractions dropped); null when it is none. */
export function eventTimeOf(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const match = pattern.exec(value);
  if (!match) return null;
  const text = `${match[1]}T${match[2]}Z`;
  const milliseconds = Date.parse(text);
  // Date.parse turns 2026-02-31 into March: only a date that comes back is one.
  if (
    Number.isNaN(milliseconds) ||
    !new Date(milliseconds).toISOString().startsWith(text.slice(0, 19))
  ) {
    return null;
  }
  return milliseconds / 1000;
}
