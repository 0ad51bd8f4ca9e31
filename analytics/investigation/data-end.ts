import type { AnalysisContext } from '../analysis.ts';

/** First and last second of the KMS events that are stored; null without events. */
export async function dataSpan(
  context: AnalysisContext,
): Promise<{ first: Date; last: Date } | null> {
  const [row] = await context.engine.rows(
    'SELECT min(event_time) AS first_at, max(event_time) AS last_at FROM kms_events',
    {},
    context,
  );
  if (typeof row?.['first_at'] !== 'string') return null;
  return { first: new Date(row['first_at']), last: new Date(String(row['last_at'])) };
}

/** `YYYY-MM-DDTHH:MM:SSZ`. */
export function instantText(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
