// Events of other services that the caller wants to see, by eventSource and perhaps eventName.
import { FIELD_EVENT_NAME, FIELD_EVENT_SOURCE } from '../row-layout';
import { BACKSLASH, equalBytes } from './bytes';
import { has, spanEnd, spanStart } from './walk';

const ENTRIES_MAX: i32 = 64;
const ENTRY_BYTES: usize = 256;
// An entry: length of the source, of the name (0 = any), then at 16 the source and at 128 the name,
// all with their quotes.
const entries = memory.data(64 * 256 + 16);
const SOURCE_AT: usize = 16;
const NAME_AT: usize = 128;
let count: i32 = 0;

/** Where the caller writes the next entry, or 0 when there is no place. */
export function nextInterest(): usize {
  return count < ENTRIES_MAX ? entries + <usize>count * ENTRY_BYTES : 0;
}

/** Takes the entry that the caller wrote: at 16 the source, at 128 the name, with their quotes. */
export function addInterest(sourceLength: u32, nameLength: u32): void {
  const at = nextInterest();
  store<u32>(at, sourceLength);
  store<u32>(at, nameLength, 4);
  count++;
}

/**
 * Whether the record in this row, which has an eventSource, is asked for. A name with an escape may be
 * any name: the caller, who reads it, has the say.
 */
export function isOfInterest(row: usize, input: usize): bool {
  for (let i = 0; i < count; i++) {
    const at = entries + <usize>i * ENTRY_BYTES;
    if (!fieldIs(row, input, FIELD_EVENT_SOURCE, at + SOURCE_AT, load<u32>(at))) continue;
    const nameLength = load<u32>(at, 4);
    if (nameLength == 0) return true;
    if (fieldIs(row, input, FIELD_EVENT_NAME, at + NAME_AT, nameLength)) return true;
    if (hasEscape(row, input, FIELD_EVENT_NAME)) return true;
  }
  return false;
}

function hasEscape(row: usize, input: usize, field: i32): bool {
  if (!has(field)) return false;
  const end = input + spanEnd(row, field);
  for (let p = input + spanStart(row, field); p < end; p++) {
    if (load<u8>(p) == BACKSLASH) return true;
  }
  return false;
}

function fieldIs(row: usize, input: usize, field: i32, text: usize, length: u32): bool {
  if (!has(field)) return false;
  const start = spanStart(row, field);
  return spanEnd(row, field) - start == length && equalBytes(input + start, text, length);
}
