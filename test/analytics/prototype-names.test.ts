import { expect, test } from 'vitest';
import { analyses } from '../../analytics/registry.ts';
import { defaultConfig } from '../../core/config.ts';
import type { RelatedEvent } from '../../store/batch/event-batch.ts';
import type { KmsEvent } from '../../store/relations.ts';
import { event, plainEvent, withEvents } from '../support/events.ts';
import { relatedEvent } from '../support/related.ts';

/** Names that every object has: a table of objects finds them where it holds nothing. */
const inherited = Object.getOwnPropertyNames(Object.prototype);

/** Fields whose values are the reader's own words, not those of the log. */
const ownWords = new Set([
  ...[
    'event_id',
    'operation_class',
    'outcome',
    'context_kind',
    'event_type',
    'caller_account_basis',
  ],
]);

const textFields = Object.entries(plainEvent)
  .filter(([name, value]) => !ownWords.has(name) && (value === null || typeof value === 'string'))
  .map(([name]) => name)
  .filter((name) => !['console_session', 's3_context_is_bucket'].includes(name));

const asJson = (field: string, name: string) =>
  /^(encryption_context|request_parameters|response_elements|additional_event_data)$/.test(field)
    ? JSON.stringify(Object.fromEntries([[name, name]])).replace('{}', `{"${name}":"${name}"}`)
    : name;

/** Events with one field, and events with all fields, named like a member of every object. */
function hostileEvents(name: string): KmsEvent[] {
  const single = textFields.map((field) => event({ [field]: asJson(field, name) }));
  const all = Object.fromEntries(textFields.map((field) => [field, asJson(field, name)]));
  const outcomes = ['success', 'throttled', 'denied', 'failed'].flatMap((outcome) => [
    event({ ...all, outcome: outcome as KmsEvent['outcome'] }),
    event({ region: name, quota_id: 'crypto_symmetric', outcome: outcome as KmsEvent['outcome'] }),
    event({
      operation: name,
      operation_class: 'management',
      outcome: outcome as KmsEvent['outcome'],
    }),
  ]);
  return [...single, ...outcomes];
}

function hostileRelated(name: string): RelatedEvent[] {
  const fields = Object.entries(relatedEvent()).filter(
    ([field, value]) =>
      !/event_id|event_source|record_index/.test(field) && typeof value !== 'number',
  );
  return [
    relatedEvent(Object.fromEntries(fields.map(([field]) => [field, asJson(field, name)]))),
    ...fields.map(([field]) => relatedEvent({ [field]: asJson(field, name) })),
  ];
}

test('names of Object.prototype in every field are data like any other to every analysis', async () => {
  const events = inherited.flatMap(hostileEvents);
  const related = inherited.flatMap(hostileRelated);
  await withEvents(
    events,
    async (engine) => {
      const failures: string[] = [];
      for (const analysis of (await analyses()).values()) {
        try {
          const context = { engine, config: defaultConfig };
          const { rows } = await analysis.execute({ ...analysis.example }, context);
          for (const row of rows) analysis.row.strict().parse(row);
          // It asks for two ranges, which no default can give.
          if (analysis.name === 'before-after' || !analysis.params.safeParse({}).success) continue;
          const all = await analysis.execute({}, context);
          for (const row of all.rows) analysis.row.strict().parse(row);
        } catch (error) {
          failures.push(`${analysis.name}: ${String(error).slice(0, 300)}`);
        }
      }
      expect(failures).toEqual([]);
      const counts = await engine.rows(
        `SELECT region, count(*) AS n FROM kms_events WHERE region <> 'eu-central-1' GROUP BY region`,
      );
      // One event with only the Region, four with all fields, four with Region and quota.
      expect(new Map(counts.map((row) => [row['region'], row['n']]))).toEqual(
        new Map(inherited.map((name) => [name, 9])),
      );
    },
    related,
  );
}, 300_000);
