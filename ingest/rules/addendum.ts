import { objectField, textField, type JsonObject } from '../records/record.ts';

/**
 * The eventID of the record that this one replaces; null when it replaces none. CloudTrail delivers a
 * record again, with an eventID of its own, when data of the first one was missing or wrong
 * (`addendum.reason` UPDATED_DATA; record contents, eventVersion 1.08).
 */
export function replacedEventOf(record: JsonObject): string | null {
  const addendum = objectField(record, 'addendum');
  if (textField(addendum, 'reason') !== 'UPDATED_DATA') return null;
  const original = textField(addendum, 'originalEventID');
  return original === textField(record, 'eventID') ? null : original;
}
