import type { Detection } from '../../analytics/detections/detection.ts';
import { configSchema } from '../../core/config.ts';
import type { RelatedEvent } from '../../store/batch/event-batch.ts';
import type { KmsEvent } from '../../store/relations.ts';
import { plainEvent } from './events.ts';
import { runAnalysis, type Row } from './run-analysis.ts';

export const foreign = '999999999999';
export const key = plainEvent.key_arn!;
/** The plain account is own, all others are foreign. */
export const ownConfig = configSchema.parse({ ownAccounts: [plainEvent.account_id] });

/** What a rule finds in these events. */
export async function findings(
  rule: Detection,
  events: readonly KmsEvent[],
  params: Row = {},
  related: RelatedEvent[] = [],
): Promise<Row[]> {
  return (await runAnalysis(rule, events, params, { related, config: ownConfig })).rows;
}

/** `YYYY-MM-DDTHH:MM:SSZ` of a day in October 2026 and seconds after its noon. */
export function day(number: number, second = 0): string {
  const noon = Date.parse('2026-10-01T12:00:00Z') + (number - 1) * 86_400_000;
  return new Date(noon + second * 1000).toISOString().replace('.000Z', 'Z');
}

export const many = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
