// Which events of other services are kept, by eventSource and eventName.
import { EVENT_NAME, EVENT_SOURCE } from '../../facts';
import { BACKSLASH, equalBytes } from './bytes';
import { has, valueEnd, valueStart } from './tree';

const ENTRIES_MAX: i32 = 128;
const ENTRY_BYTES: usize = 256;
// An entry: length of the source, of the name, then at 16 the source and at 128 the name, with their quotes.
const entries = memory.data(128 * 256 + 16);
const SOURCE_AT: usize = 16;
const NAME_AT: usize = 128;
let count: i32 = 0;

export function forgetRelated(): void {
  count = 0;
}

/** Where the caller writes the next entry, or 0 when there is no place. */
export function nextRelated(): usize {
  return count < ENTRIES_MAX ? entries + <usize>count * ENTRY_BYTES : 0;
}

/** Takes the entry that the caller wrote. */
export function addRelated(sourceLength: u32, nameLength: u32): void {
  const at = nextRelated();
  store<u32>(at, sourceLength);
  store<u32>(at, nameLength, 4);
  count++;
}

export const NOT_KEPT: i32 = 0;
export const KEPT: i32 = 1;
/** Its name has an escape: only a full parser can tell. */
export const PERHAPS: i32 = 2;

/** Whether the record at hand, which has an eventSource, is kept. */
export function isKept(): i32 {
  const source = valueStart(EVENT_SOURCE);
  const sourceLength = valueEnd(EVENT_SOURCE) - source;
  const there = has(EVENT_NAME);
  const name = there ? valueStart(EVENT_NAME) : 0;
  const nameLength = there ? valueEnd(EVENT_NAME) - name : 0;
  let isSource = false;
  for (let i = 0; i < count; i++) {
    const at = entries + <usize>i * ENTRY_BYTES;
    if (<usize>load<u32>(at) != sourceLength || !equalBytes(source, at + SOURCE_AT, sourceLength)) continue;
    isSource = true;
    if (<usize>load<u32>(at, 4) == nameLength && equalBytes(name, at + NAME_AT, nameLength)) return KEPT;
  }
  return isSource && hasEscape(name, nameLength) ? PERHAPS : NOT_KEPT;
}

function hasEscape(p: usize, length: usize): bool {
  for (let i: usize = 0; i < length; i++) if (load<u8>(p + i) == BACKSLASH) return true;
  return false;
}
