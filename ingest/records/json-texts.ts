/**
 * The JSON texts of a content, one after the other, with the span of each in the text. Between two spans
 * is only white space and what separates texts (commas, the RS of RFC 7464, byte order marks).
 */
export type JsonText = Span &
  (
    | { kind: 'value'; value: unknown }
    /** `{"Records":[...` that is not valid as a whole: its elements, valid or not. */
    | { kind: 'records'; elements: string[]; closed: boolean }
    /** Not valid JSON; `truncated` when it opens a value that the text does not close. */
    | { kind: 'damaged'; truncated: boolean }
    /** A line without a bracket. */
    | { kind: 'line' }
  );

interface Span {
  from: number;
  /** Exclusive. */
  to: number;
}

/** Marks that JSON.parse refused a text. */
export const notJson = Symbol('not JSON');

/** JSON.parse with `notJson` for damage. Throws RangeError when the text is nested too deeply. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return notJson;
  }
}

const code = { quote: 0x22, backslash: 0x5c, newline: 0x0a, comma: 0x2c };
const opening = { brace: 0x7b, bracket: 0x5b };
const closing = { brace: 0x7d, bracket: 0x5d };

/** Characters looked at in search of the ends of values, for each character of the text, and at least. */
const looks = { perCharacter: 16, atLeast: 16 * 1024 * 1024 };
/** A line that opens a value at its start, inside of another: how far the other's end is looked for. */
const looksPastLineStart = 4 * 1024 * 1024;
/** Brackets of one line that are tried as the start of a value. */
const startsPerLine = 8;

/** Splits a text. Damage never hides what follows it: reading resumes at the next line or value. */
export function* jsonTexts(text: string): Generator<JsonText> {
  const whole = wholeText(text);
  if (whole) yield whole;
  else yield* new Splitter(text).split();
}

/** The usual case: one JSON document. */
function wholeText(text: string): JsonText | null {
  const from = skipSeparators(text, 0);
  if (from === text.length) return null;
  const value = parseJson(from === 0 ? text : text.slice(from));
  return value === notJson ? null : { kind: 'value', from, to: text.length, value };
}

class Splitter {
  readonly #text: string;
  #looksLeft: number;

  constructor(text: string) {
    this.#text = text;
    this.#looksLeft = Math.max(looks.atLeast, looks.perCharacter * text.length);
  }

  *split(): Generator<JsonText> {
    const text = this.#text;
    let at = 0;
    while ((at = skipSeparators(text, at)) < text.length) {
      const piece = this.#pieceAt(at);
      yield piece;
      at = piece.to;
    }
  }

  #pieceAt(from: number): JsonText {
    const first = this.#text.charCodeAt(from);
    if (first === opening.brace || first === opening.bracket || first === code.quote) {
      const found = this.#valueAt(from);
      if (found) return { kind: 'value', from, ...found };
    }
    return first === opening.brace ? this.#damagedAt(from) : this.#lineAt(from);
  }

  /** The value whose first character is at `from`, and where it ends. */
  #valueAt(from: number): { to: number; value: unknown } | null {
    const text = this.#text;
    const to =
      text.charCodeAt(from) === code.quote ? endOfString(text, from + 1) : this.#endOfValue(from);
    if (to === null) return null;
    const value = parseJson(text.slice(from, to));
    return value === notJson ? null : { to, value };
  }

  /** A line that begins with something else: with a value in it, such as after a time stamp, or without. */
  #lineAt(from: number): JsonText {
    const text = this.#text;
    const lineEnd = endOfLine(text, from);
    let start = from;
    let tries = 0;
    for (; tries < startsPerLine; tries++) {
      start = text.indexOf('{', start + (tries === 0 ? 0 : 1));
      if (start < 0 || start >= lineEnd) break;
      const found = this.#valueAt(start);
      if (!found) continue;
      const rest = text.slice(found.to, endOfLine(text, found.to));
      // What follows on the line belongs to it, unless that holds another value.
      const to = rest.includes('{') ? found.to : found.to + rest.length;
      return { kind: 'value', from, to, value: found.value };
    }
    const scalar = parseJson(text.slice(from, lineEnd));
    if (scalar !== notJson) return { kind: 'value', from, to: lineEnd, value: scalar };
    if (tries === 0) return { kind: 'line', from, to: lineEnd };
    return { kind: 'damaged', truncated: false, from, to: lineEnd };
  }

  /** An object that is not valid JSON or has no end. */
  #damagedAt(from: number): JsonText {
    const text = this.#text;
    const records = splitRecordsAt(text, from);
    if (records) return records;
    const truncated = this.#endOfValue(from) === null;
    const restart = /\n(?=[{[])|\}[ \t\r]*(?=\{)|\}\s*,\s*(?=\{\s*"event)/g;
    restart.lastIndex = from + 1;
    for (let match = restart.exec(text); match; match = restart.exec(text)) {
      const to = restart.lastIndex;
      const isLineStart = match[0] === '\n';
      if (isLineStart || this.#valueAt(to)) return { kind: 'damaged', truncated: false, from, to };
      if (this.#looksLeft <= 0) break;
    }
    return { kind: 'damaged', truncated, from, to: text.length };
  }

  /**
   * The index after the bracket that closes the one at `from`. Null when there is none, when a string
   * holds a line's end (no JSON string does), or when that has been looked for too long.
   */
  #endOfValue(from: number): number | null {
    const text = this.#text;
    const end = Math.min(text.length, from + this.#looksLeft);
    let last = end;
    let depth = 0;
    let at = from;
    for (; at < last; at++) {
      const c = text.charCodeAt(at);
      if (c === code.quote) {
        const next = endOfString(text, at + 1);
        if (next === null) break;
        at = next - 1;
      } else if (c === opening.brace || c === opening.bracket) {
        depth++;
        if (depth > 1 && last === end && text.charCodeAt(at - 1) === code.newline) {
          last = Math.min(end, at + looksPastLineStart);
        }
      } else if (c === closing.brace || c === closing.bracket) {
        depth--;
        if (depth === 0) break;
      }
    }
    this.#looksLeft -= Math.min(at, text.length) - from;
    return depth === 0 && at < last ? at + 1 : null;
  }
}

/** The index after the quote that ends the string whose content begins at `at`; null when none does. */
function endOfString(text: string, at: number): number | null {
  for (; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === code.backslash) at++;
    else if (c === code.quote) return at + 1;
    else if (c === code.newline) return null;
  }
  return null;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

const separators = new Set([0x20, 0x09, 0x0a, 0x0d, 0x2c, 0x1e, 0xfeff]);

/** The first index from `at` on whose character belongs to a text. */
export function skipSeparators(text: string, at: number): number {
  while (at < text.length && separators.has(text.charCodeAt(at))) at++;
  return at;
}

const recordsStart = /\{\s*"Records"\s*:\s*\[/y;
const listStart = /\{\s*"Records"\s*:\s*\[|\[/y;

/** The texts of the elements of the `{"Records":[` or `[` at `from`; null when there is neither. */
export function splitListAt(text: string, from: number): string[] | null {
  listStart.lastIndex = from;
  if (!listStart.test(text)) return null;
  const elements: string[] = [];
  splitArray(text, listStart.lastIndex, elements);
  return elements;
}

/** The elements of the `{"Records":[` at `from`, by counting brackets outside of strings; else null. */
function splitRecordsAt(text: string, from: number): Extract<JsonText, { kind: 'records' }> | null {
  recordsStart.lastIndex = from;
  if (!recordsStart.test(text)) return null;
  const elements: string[] = [];
  const end = splitArray(text, recordsStart.lastIndex, elements);
  if (end === null) return { kind: 'records', from, to: text.length, elements, closed: false };
  // The brace that closes the document, with what little may stand before it.
  const close = /[^{["]{0,64}?\}/y;
  close.lastIndex = end;
  const to = close.test(text) ? close.lastIndex : end;
  return { kind: 'records', from, to, elements, closed: true };
}

/** Damaged elements of one array after which reading resumes at the next. */
const resumesMost = 100;

/** Pushes the elements of the array whose content starts at `from`; returns the index after it. */
function splitArray(text: string, from: number, elements: string[]): number | null {
  let element = from;
  for (let resumes = 0; ; resumes++) {
    const found = splitWhole(text, element, elements);
    if (found.end !== null) return found.end;
    // An element that has no end may be damaged, or be where the text was cut off.
    const next = /\}\s*,\s*(?=\{\s*"event)/g;
    next.lastIndex = found.element;
    const isDamaged = resumes < resumesMost && next.test(text);
    pushElement(text.slice(found.element, isDamaged ? next.lastIndex : text.length), elements);
    if (!isDamaged) return null;
    element = next.lastIndex;
  }
}

/** As splitArray, up to the first element that has no end. */
function splitWhole(
  text: string,
  from: number,
  elements: string[],
): { end: number | null; element: number } {
  let depth = 0;
  let element = from;
  for (let at = from; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === code.quote) {
      const end = endOfString(text, at + 1);
      if (end === null) break;
      at = end - 1;
    } else if (c === opening.brace || c === opening.bracket) depth++;
    else if (c === closing.brace || c === closing.bracket) {
      if (depth === 0) {
        pushElement(text.slice(element, at), elements);
        return { end: at + 1, element };
      }
      depth--;
    } else if (c === code.comma && depth === 0) {
      pushElement(text.slice(element, at), elements);
      element = at + 1;
    }
  }
  return { end: null, element };
}

function pushElement(text: string, elements: string[]): void {
  const trimmed = text.trim().replace(/,$/, '');
  if (trimmed !== '') elements.push(trimmed);
}
