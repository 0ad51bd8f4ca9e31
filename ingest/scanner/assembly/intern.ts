// Interning: equal groups of fields get equal small numbers, so that the rules in TypeScript see each
// distinct text once. Texts are compared in full; the hash only finds them.
import {
  FIELD_AWS_REGION,
  FIELD_CONTEXT,
  FIELD_ERROR_CODE,
  FIELD_EVENT_NAME,
  FIELD_EVENT_SOURCE,
  FIELD_REQUEST_PARAMETERS,
  FIELD_USER_AGENT,
  GROUPS_MAX,
  GROUPS_OF_KEPT,
  NOT_INTERNED,
  ROW_ACTION,
  ROW_CONTEXT_CUT,
  ROW_CONTEXT_END,
  ROW_CONTEXT_START,
  ROW_GROUPS,
  ROW_PRESENT,
} from '../row-layout';
import { equalBytes } from './bytes';
import { FIELDS } from './fields';
import { addToHash, finishHash, startHash } from './hash';
import { spanEnd, spanStart } from './walk';

/** Distinct texts a group can hold; the table has twice as many slots. */
const ENTRIES_MAX: u32 = 1 << 15;
const SLOTS: u32 = ENTRIES_MAX << 1;
/** Bytes of all distinct texts together. */
const ARENA_BYTES: usize = 16 << 20;
/** A longer way through the table means full, or texts made to collide: then the text is not interned. */
const PROBES_MAX: i32 = 64;

/** Behind the groups: callers, and what is done in events of other services. */
const CALLERS: i32 = GROUPS_MAX;
const ACTIONS: i32 = GROUPS_MAX + 1;
const TABLES: i32 = GROUPS_MAX + 2;

// Of each group: the number of its fields and up to 31 fields.
const members = memory.data(GROUPS_MAX * 32);
const counts = memory.data(24);
// Of the text at hand: (position, length) of each piece. A field that is absent has length 0.
const pieces = memory.data(33 * 16);
let pieceCount: i32 = 0;

// Regions, set by layOut: slots of u64 (hash << 32 | id + 1), then u32 offsets into the arena, then the arena.
let slotsAt: usize = 0;
let offsetsAt: usize = 0;
let arenaAt: usize = 0;
let arenaUsed: usize = 0;

const GROUP_SLOT_BYTES: usize = (<usize>SLOTS) << 3;
const GROUP_OFFSET_BYTES: usize = (<usize>ENTRIES_MAX) << 2;

/** Bytes that layOut needs. */
export const INTERN_BYTES: usize = (GROUP_SLOT_BYTES + GROUP_OFFSET_BYTES) * TABLES + ARENA_BYTES;

export function layOut(at: usize): void {
  slotsAt = at;
  offsetsAt = slotsAt + GROUP_SLOT_BYTES * TABLES;
  arenaAt = offsetsAt + GROUP_OFFSET_BYTES * TABLES;
}

/** Puts a field into a group. Fields of a group are compared in the order they were added. */
export function addToGroup(group: i32, field: i32): void {
  const at = members + ((<usize>group) << 5);
  const count = load<u8>(at);
  store<u8>(at + 1 + count, <u8>field);
  store<u8>(at, count + 1);
}

/** The number of distinct texts of a group: ids are 0 to this, exclusive. */
export function groupCount(group: i32): u32 {
  return load<u32>(counts + ((<usize>group) << 2));
}

/** Whether a reset is due before the next file: a group or the arena is three quarters full. */
export function isCrowded(): bool {
  if (arenaUsed > (ARENA_BYTES >> 2) * 3) return true;
  for (let group = 0; group < TABLES; group++) {
    if (groupCount(group) > (ENTRIES_MAX >> 2) * 3) return true;
  }
  return false;
}

/** Forgets all texts; ids start again at 0. */
export function forgetTexts(): void {
  memory.fill(slotsAt, 0, GROUP_SLOT_BYTES * TABLES);
  memory.fill(counts, 0, TABLES * 4);
  arenaUsed = 0;
}

/** Fills the row's ids of the first `groups` groups. */
export function internGroups(row: usize, input: usize, groups: i32): void {
  for (let group = 0; group < groups; group++) {
    const fields = members + ((<usize>group) << 5);
    const count = <i32>load<u8>(fields);
    if (count == 0) break;
    gather(row, input, fields + 1, count);
    store<u32>(row + ((ROW_GROUPS + group) << 2), intern(group));
  }
}

/** The number of a caller: an account and what invoked it, as written; NOT_INTERNED when there is no room. */
export function internCaller(account: usize, accountEnd: usize, by: usize, byEnd: usize): u32 {
  pieceCount = 0;
  addPiece(account, accountEnd - account);
  addPiece(by, byEnd - by);
  return intern(CALLERS);
}

/** Fills a kept record's row: its identity, and what was done. */
export function internKept(row: usize, input: usize): void {
  internGroups(row, input, GROUPS_OF_KEPT);
  gather(row, input, actionFields, ACTION_FIELDS);
  store<u32>(row + (ROW_ACTION << 2), intern(ACTIONS));
}
const ACTION_FIELDS: i32 = 5;
const actionFields = memory.data<u8>([
  <u8>FIELD_EVENT_SOURCE,
  <u8>FIELD_EVENT_NAME,
  <u8>FIELD_AWS_REGION,
  <u8>FIELD_USER_AGENT,
  <u8>FIELD_ERROR_CODE,
]);

/** Lists the pieces of a group. requestParameters is two: around the value of encryptionContext. */
function gather(row: usize, input: usize, fields: usize, count: i32): void {
  const present = load<u32>(row + (ROW_PRESENT << 2));
  pieceCount = 0;
  for (let i = 0; i < count; i++) {
    const field = <i32>load<u8>(fields + i);
    if (field == FIELD_CONTEXT) {
      const start = load<u32>(row + (ROW_CONTEXT_START << 2));
      addPiece(input + start, load<u32>(row + (ROW_CONTEXT_CUT << 2)) - start);
      continue;
    }
    const there = (present & (1 << field)) != 0;
    const start = there ? input + spanStart(row, field) : input;
    const end = there ? input + spanEnd(row, field) : input;
    if (field == FIELD_REQUEST_PARAMETERS) {
      const context = load<u32>(row + (ROW_CONTEXT_START << 2));
      const middle = context == 0 ? end : input + context;
      const resume = context == 0 ? end : input + load<u32>(row + (ROW_CONTEXT_END << 2));
      addPiece(start, middle - start);
      addPiece(resume, end - resume);
    } else {
      addPiece(start, end - start);
    }
  }
}

function addPiece(at: usize, length: usize): void {
  const piece = pieces + ((<usize>pieceCount) << 3);
  store<u32>(piece, <u32>at);
  store<u32>(piece, <u32>length, 4);
  pieceCount++;
}

function intern(group: i32): u32 {
  let sum = startHash(group);
  let bytes: usize = 0;
  for (let i = 0; i < pieceCount; i++) {
    const length = pieceLength(i);
    sum = addToHash(sum, i, pieceAt(i), length);
    bytes += 4 + length;
  }
  const hash = finishHash(sum);
  const slots = slotsAt + GROUP_SLOT_BYTES * group;
  const tag = <u32>(hash >> 32);
  let slot = (<u32>hash) & (SLOTS - 1);
  for (let probe = 0; probe < PROBES_MAX; probe++) {
    const at = slots + ((<usize>slot) << 3);
    const entry = load<u64>(at);
    if (entry == 0) return add(group, at, tag, bytes);
    const id = <u32>entry - 1;
    if (<u32>(entry >> 32) == tag && equalsEntry(textOf(group, id))) return id;
    slot = (slot + 1) & (SLOTS - 1);
  }
  return NOT_INTERNED;
}

function add(group: i32, slot: usize, tag: u32, bytes: usize): u32 {
  const id = groupCount(group);
  // equalBytes reads up to 15 bytes past a text.
  if (id == ENTRIES_MAX || arenaUsed + bytes + 16 > ARENA_BYTES) return NOT_INTERNED;
  let to = arenaAt + arenaUsed;
  store<u32>(offsetsAt + GROUP_OFFSET_BYTES * group + ((<usize>id) << 2), <u32>arenaUsed);
  for (let i = 0; i < pieceCount; i++) {
    const length = pieceLength(i);
    store<u32>(to, <u32>length);
    memory.copy(to + 4, pieceAt(i), length);
    to += 4 + length;
  }
  arenaUsed += bytes;
  store<u32>(counts + ((<usize>group) << 2), id + 1);
  store<u64>(slot, ((<u64>tag) << 32) | (<u64>(id + 1)));
  return id;
}

/** Whether the pieces at hand equal an entry: of each piece its length and its bytes. */
function equalsEntry(text: usize): bool {
  for (let i = 0; i < pieceCount; i++) {
    const length = pieceLength(i);
    if (<usize>load<u32>(text) != length) return false;
    if (!equalBytes(text + 4, pieceAt(i), length)) return false;
    text += 4 + length;
  }
  return true;
}

function textOf(group: i32, id: u32): usize {
  return arenaAt + load<u32>(offsetsAt + GROUP_OFFSET_BYTES * group + ((<usize>id) << 2));
}

function pieceAt(i: i32): usize {
  return load<u32>(pieces + ((<usize>i) << 3));
}

function pieceLength(i: i32): usize {
  return load<u32>(pieces + ((<usize>i) << 3), 4);
}
