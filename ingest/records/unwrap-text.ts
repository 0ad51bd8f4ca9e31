import { InputError } from '../input-error.ts';
import { csvRows } from './csv-rows.ts';
import { jsonTexts, type JsonText } from './json-texts.ts';
import { textKindOf } from './look-alike.ts';
import { damaged, unwrapElements, unwrapValue, type TextPart, type Unwrapped } from './unwrap.ts';

/** Refused texts that are held back until there is something that can be read, at most. */
const heldMost = 10_000;

/**
 * What an object's text holds, in order: JSON texts in a row, each a record or any envelope that records
 * travel in (see envelopes.ts), lines with a record behind a prefix, or CSV with records in a column.
 * Throws InputError when nothing of it is JSON or the one document of it is cut off: not_json,
 * json_truncated, nesting_too_deep, or the class of a text of another kind.
 */
export function* unwrapText(text: string): Generator<TextPart> {
  const rows = csvRows(text);
  if (rows) {
    yield* rows;
    return;
  }
  let isRead = false;
  let held: { part: TextPart; piece: JsonText }[] = [];
  for (const piece of jsonTexts(text)) {
    const part = { from: piece.from, to: piece.to, items: itemsOf(text, piece) };
    isRead ||= piece.kind === 'value' || (piece.kind === 'records' && piece.closed);
    if (!isRead && held.length < heldMost) {
      held.push({ part, piece });
      continue;
    }
    for (const before of held) yield before.part;
    held = [];
    yield part;
  }
  if (held.length > 0) throw unreadable(text, held);
}

function itemsOf(text: string, piece: JsonText): Unwrapped[] {
  if (piece.kind === 'value') return unwrapValue(piece.value);
  if (piece.kind === 'records') return unwrapElements(piece.elements);
  const part = text.slice(piece.from, piece.to);
  if (piece.kind === 'damaged') {
    return [
      damaged(piece.truncated ? 'the text ends inside this record' : 'the record is no JSON', part),
    ];
  }
  return isDecoration(part) ? [] : [damaged('the line is no JSON', part)];
}

/**
 * Lines that belong to a form that records come in: brackets of a list whose elements are lines, and what
 * stands beside the records in `lookup-events` as text, table or YAML.
 */
const decorations = [
  /^[[\]{},:\s]*$/,
  /^(?:RESOURCES|NEXTTOKEN|EVENTS)\t/,
  /^[|+-][-+|\s]*(?:$|LookupEvents|Events|Resources|EventId|EventName|EventSource|EventTime|Username|AccessKeyId|ReadOnly|Resource(?:Name|Type)|NextToken)/,
  /^\s*(?:- )*(?:Events|Resources|AccessKeyId|EventId|EventName|EventSource|EventTime|ReadOnly|Resource(?:Name|Type)|Username|NextToken):/,
];

const isDecoration = (line: string) => decorations.some((pattern) => pattern.test(line));

/** How much of a text shows its kind. */
const startLength = 4_096;

/** Why a text in which nothing could be read is refused. */
function unreadable(text: string, held: readonly { piece: JsonText }[]): InputError {
  const records = held.find(({ piece }) => piece.kind === 'records')?.piece;
  if (records?.kind === 'records') {
    return new InputError(
      'json_truncated',
      `the JSON ends inside record ${Math.max(records.elements.length, 1)}`,
    );
  }
  if (held.some(({ piece }) => piece.kind === 'damaged' && piece.truncated)) {
    return new InputError('json_truncated', 'the JSON ends before its end');
  }
  const kind = textKindOf(text.slice(0, startLength));
  if (!kind) return new InputError('not_json', 'the content is no JSON');
  return new InputError(kind.errorClass, `${kind.name}, no CloudTrail log`, 'skipped');
}
