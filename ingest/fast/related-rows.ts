import { detailsOf, type RelatedDetails } from '../rules/related.ts';
import { relatedTexts } from '../scanner/column-layout.ts';
import { UNDECODED } from '../scanner/row-layout.ts';
import type { RowEncoder } from '../scanner/row-encoder.ts';
import type { ScannedRows } from '../scanner/scanned-rows.ts';
import type { FastEncoder } from './fast-encoder.ts';
import { actionFields, groupOf, groups, perRow, type Remembered } from './remembered.ts';
import { fieldsOf, numbered } from './scanned-fields.ts';

const allActionFields = numbered([...groups[groupOf.identity], ...actionFields]);
const detailFields = numbered([
  'sourceIPAddress',
  'requestID',
  'requestParameters',
  'responseElements',
  'resources',
]);
const textNames = relatedTexts as readonly (keyof RelatedDetails)[];

/** Adds a kept row by the rules of such records; false when it must go through the plain ones. */
export function addRelated(
  rows: ScannedRows,
  row: number,
  to: { encoder: FastEncoder; scanner: RowEncoder; remembered: Remembered },
  kept: ReadonlyMap<string, ReadonlySet<string>>,
): boolean {
  const identityId = rows.group(row, groupOf.identity);
  if (identityId >= UNDECODED) return false;
  const action = to.remembered.action(identityId, rows.action(row), () =>
    fieldsOf(rows, row, allActionFields),
  );
  if (action === perRow) return false;
  // The scanner was told of the reader's groups; the task may want fewer.
  if (!kept.get(action.event_source)?.has(action.event_name)) return true;
  const details = detailsOf(fieldsOf(rows, row, detailFields), action);
  const texts = textNames.map((name) => details[name]);
  to.encoder.takeEvents();
  if (to.scanner.endRelated(row, action.tuple, texts)) return true;
  to.encoder.takePending();
  return to.scanner.endRelated(row, action.tuple, texts);
}
