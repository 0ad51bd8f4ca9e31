import { detailsOf } from '../rules/related.ts';
import {
  NOT_INTERNED,
  ROW_EVENT_ID,
  ROW_EVENT_TIME,
  ROW_GROUPS,
  ROW_WORDS,
} from '../scanner/row-layout.ts';
import type { ScannedRows } from '../scanner/scanned-rows.ts';
import type { FastEncoder } from './fast-encoder.ts';
import { actionFields, groupOf, groups, perRow, type Remembered } from './remembered.ts';
import { fieldsOf, numbered } from './scanned-fields.ts';

const ownActionFields = numbered(actionFields);
const allActionFields = numbered([...groups[groupOf.identity], ...actionFields]);
const relatedFields = numbered([
  'sourceIPAddress',
  'requestID',
  'requestParameters',
  'responseElements',
  'resources',
]);

/** Adds a kept row the fast way; false when it must go through the plain rules. */
export function addRelated(
  rows: ScannedRows,
  row: number,
  encoder: FastEncoder,
  kept: ReadonlyMap<string, ReadonlySet<string>>,
  remembered: Remembered,
): boolean {
  const action = actionAt(rows, row, remembered);
  if (action === null) return false;
  // The scanner was told of the reader's groups; the task may want fewer.
  if (!kept.get(action.event_source)?.has(action.event_name)) return true;
  const record = fieldsOf(rows, row, relatedFields);
  const { related } = encoder;
  const to = related.rowCount;
  const { words } = rows;
  const at = row * ROW_WORDS;
  related.event_id.setWords(to, words, at + ROW_EVENT_ID);
  related.event_time.set(to, words[at + ROW_EVENT_TIME]! | 0);
  const record_index = rows.record(row);
  related.endRow({ ...detailsOf(record, action), record_index }, action.tuple);
  return true;
}

function actionAt(rows: ScannedRows, row: number, remembered: Remembered) {
  const at = row * ROW_WORDS + ROW_GROUPS;
  const identityId = rows.words[at + groupOf.identity]!;
  if (identityId === NOT_INTERNED) return perRow;
  let key = String(identityId);
  for (const [, number] of ownActionFields) key += ` ${rows.field(row, number)}`;
  const known = remembered.actions.get(key);
  if (known !== undefined) return known;
  const record = fieldsOf(rows, row, allActionFields);
  return remembered.action(key, record);
}
