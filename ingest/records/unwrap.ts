import { InputError } from '../input-error.ts';
import { listMembers } from './envelopes.ts';
import { jsonTexts, notJson, parseJson } from './json-texts.ts';
import { foreignKindOf, isCloudTrailRecord, type ForeignKind } from './look-alike.ts';
import { isObject, type JsonObject } from './record.ts';

/** What a content holds at one position: a record, a text that is refused, or a value of another kind. */
export type Unwrapped =
  | { value: unknown }
  | { errorClass: string; detail: string; text: string }
  | { foreign: ForeignKind };

/** A part of a text and what it holds. Parts cover the text but for white space and separators. */
export interface TextPart {
  from: number;
  /** Exclusive. */
  to: number;
  items: Unwrapped[];
}

/** Envelopes in envelopes, and values in a value that is searched: real ones need a dozen. */
const depthMost = 64;

/** JSON texts in JSON texts: SQS, SNS, EventBridge, and one to spare. */
const textDepthMost = 6;

/** Every record in a value, and what else it holds, in order. Throws InputError nesting_too_deep. */
export function unwrapValue(value: unknown): Unwrapped[] {
  return unwrap(value, 0);
}

function unwrap(value: unknown, depth: number): Unwrapped[] {
  if (depth > depthMost) {
    throw new InputError('nesting_too_deep', 'envelopes are nested too deeply to be read');
  }
  if (isCloudTrailRecord(value)) return [{ value }];
  if (Array.isArray(value)) return value.flatMap((element) => unwrapElement(element, depth));
  if (isObject(value) && isRecordsList(value)) {
    const { Records, ...others } = value;
    const records = (Records as unknown[]).flatMap((element) => unwrapRecord(element, depth));
    return [...records, ...listsOf(others, depth), ...search(others, 0, depth)];
  }
  const lists = isObject(value) ? listsOf(value, depth) : [];
  const found = [...lists, ...search(value, 0, depth)];
  if (found.length > 0 || (isObject(value) && hasList(value))) return found;
  return [{ foreign: foreignKindOf(value) }];
}

const isRecordsList = (value: JsonObject) => Array.isArray(value['Records']);

/** An element of `Records` must be a record, or hold one. */
function unwrapRecord(element: unknown, depth: number): Unwrapped[] {
  if (isObject(element)) return unwrap(element, depth + 1);
  const found = search(element, 0, depth);
  return found.length > 0 ? found : [{ value: element }];
}

/** A list in a list is a row of cells: it is searched, but its cells are not counted. */
function unwrapElement(element: unknown, depth: number): Unwrapped[] {
  if (!Array.isArray(element)) return unwrap(element, depth + 1);
  const found = search(element, 0, depth);
  return found.length > 0 ? found : [{ foreign: foreignKindOf(element) }];
}

const isList = ([name, member]: [string, unknown]) =>
  listMembers.has(name) && Array.isArray(member);

const hasList = (value: JsonObject) => Object.entries(value).some(isList);

function listsOf(value: JsonObject, depth: number): Unwrapped[] {
  return Object.entries(value).flatMap(([name, member]) =>
    isList([name, member])
      ? (member as unknown[]).flatMap((element) => unwrapElement(element, depth))
      : [],
  );
}

/** All records anywhere in a value, also in JSON texts; lists that are counted elsewhere left out. */
function search(value: unknown, textDepth: number, depth: number): Unwrapped[] {
  if (typeof value === 'string') return searchText(value, textDepth, depth);
  if (typeof value !== 'object' || value === null) return [];
  if (depth > depthMost) {
    return mentionsRecords(value) ? [{ foreign: foreignKindOf(value) }] : [];
  }
  const members = Array.isArray(value)
    ? value
    : Object.entries(value).flatMap((member) => (isList(member) ? [] : [member[1] as unknown]));
  return members.flatMap((member: unknown) => searchValue(member, textDepth, depth + 1));
}

function searchValue(value: unknown, textDepth: number, depth: number): Unwrapped[] {
  if (isCloudTrailRecord(value)) return [{ value }];
  if (isObject(value) && hasList(value)) return unwrap(value, depth);
  return search(value, textDepth, depth);
}

/** What every record has, in every depth of escaping. */
const mark = 'eventSource';

function mentionsRecords(value: object): boolean {
  try {
    return JSON.stringify(value).includes(mark);
  } catch {
    return true;
  }
}

/** The records in a text that is a value: a JSON text, several of them, or one behind a prefix. */
function searchText(text: string, textDepth: number, depth: number): Unwrapped[] {
  if (!text.includes(mark)) return [];
  if (textDepth >= textDepthMost) return [damaged('records are wrapped too often', text)];
  let found: Unwrapped[] = [];
  for (const piece of jsonTexts(text)) {
    if (piece.kind === 'value') {
      found = found.concat(searchValue(piece.value, textDepth + 1, depth + 1));
    } else if (piece.kind === 'records') {
      found = found.concat(unwrapElements(piece.elements));
    } else {
      const part = text.slice(piece.from, piece.to);
      if (part.includes(mark)) found.push(damaged('the text of a record is no JSON', part));
    }
  }
  return found;
}

/** Elements of a damaged `{"Records":[...]}`. */
export function unwrapElements(elements: readonly string[]): Unwrapped[] {
  return elements.flatMap((text) => {
    const value = parseJson(text);
    return value === notJson ? [damaged('the record is no JSON', text)] : unwrapRecord(value, 0);
  });
}

export function damaged(detail: string, text: string): Unwrapped {
  return { errorClass: 'record_not_json', detail, text };
}
