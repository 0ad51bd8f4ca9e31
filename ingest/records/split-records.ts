/**
 * The element texts of the `Records` arrays of a text that is no JSON as a whole, by counting brackets
 * outside of strings. Several documents in a row (gzip members) are read one after the other. `closed`
 * is false when the text ends inside an array. Null when there is no `Records` array at all.
 */
export function splitRecords(text: string): { texts: string[]; closed: boolean } | null {
  const start = /\{\s*"Records"\s*:\s*\[/g;
  const texts: string[] = [];
  let found = false;
  for (;;) {
    const match = start.exec(text);
    if (!match) break;
    found = true;
    const end = splitArray(text, start.lastIndex, texts);
    if (end === null) return { texts, closed: false };
    start.lastIndex = end;
  }
  return found ? { texts, closed: true } : null;
}

/** Pushes the elements of the array whose content starts at `from`; returns the index after it. */
function splitArray(text: string, from: number, texts: string[]): number | null {
  let depth = 0;
  let element = from;
  let inString = false;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
      continue;
    }
    if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) depth++;
    else if (code === 0x7d || code === 0x5d) {
      if (depth === 0) {
        pushElement(text.slice(element, i), texts);
        return i + 1;
      }
      depth--;
    } else if (code === 0x2c && depth === 0) {
      pushElement(text.slice(element, i), texts);
      element = i + 1;
    }
  }
  return null;
}

function pushElement(text: string, texts: string[]): void {
  const trimmed = text.trim();
  if (trimmed !== '') texts.push(trimmed);
}
