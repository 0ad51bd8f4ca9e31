// Combinations: of each rule, the codes of the facts that it may read. Each new combination gets the next
// entry of the rule, from 0; the rule is asked about it afterwards, outside.
import { ALWAYS, IS, paths, RULES, UNLESS } from '../../facts';
import { equalBytes, QUOTE } from './bytes';
import { codeOf } from './dictionary';
import { addToHash, finishHash, startHash } from './hash';
import { allocate } from './memory';
import { has, valueEnd, valueStart } from './tree';

const INPUTS_MAX = 32;

// Of each rule: the number of its facts, and for each the fact, when it counts, and the other fact of the
// condition; for IS the code of the text it must equal.
const counts = memory.data(8);
const inputs = memory.data(8 * 32 * 4, 4);
const wanted = memory.data(8 * 32 * 4, 4);

// Of each rule: entries, where they are kept and for how many there is room. An entry has the address of
// its codes (0: it is of no combination), what the rule said as FLAG_ bits, and the address of its template.
const entryCounts = memory.data(8 * 4, 4);
const entryPlaces = memory.data(8 * 4, 4);
const entryRooms = memory.data(8 * 4, 4);
const ENTRY_BYTES: usize = 12;

// All combinations in one table: hash << 32 | number + 1; a number has the address of its codes, its rule
// and its entry.
let slots: usize = allocate((<usize>1) << 16);
let slotsMask: u32 = (1 << 13) - 1;
let numbers: usize = allocate((<usize>12) << 12);
let numbersRoom: u32 = 1 << 12;
let numberCount: u32 = 0;

const CHUNK: usize = 1 << 18;
const CHUNKS_MAX = 512;
const chunks = memory.data(512 * 4, 4);
let chunkCount = 0;
let chunk = -1;
let at: usize = 0;
let chunkEnd: usize = 0;

// Codes of derived facts for the record at hand; the entry that each rule gave last.
const derivedCodes = memory.data(8 * 4, 4);
const lastEntries = memory.data(8 * 4, 4);
const key = memory.data(32 * 4 + 64, 16);

/** No entry: a fact is too long, or there is no room. */
export const NO_ENTRY: u32 = 0xffffffff;

for (let rule = 0; rule < RULES; rule++) {
  store<u32>(entryPlaces + (rule << 2), <u32>allocate(ENTRY_BYTES << 10));
  store<u32>(entryRooms + (rule << 2), 1 << 10);
  store<u32>(lastEntries + (rule << 2), NO_ENTRY);
}

/** Adds a fact to the key of a rule. */
export function addInput(rule: i32, fact: i32, when: i32, other: i32): void {
  const count = <i32>load<u8>(counts + rule);
  if (count == INPUTS_MAX) unreachable();
  const input = inputs + ((rule * INPUTS_MAX + count) << 2);
  store<u8>(input, <u8>fact);
  store<u8>(input, <u8>when, 1);
  store<u8>(input, <u8>other, 2);
  store<u8>(counts + rule, <u8>(count + 1));
}

/** Sets the text that the last IS of a rule compares with; again after all was forgotten. */
export function setWanted(rule: i32, input: i32, code: u32): void {
  store<u32>(wanted + ((rule * INPUTS_MAX + input) << 2), code);
}

export function forgetCombinations(): void {
  memory.fill(slots, 0, (<usize>slotsMask + 1) << 3);
  memory.fill(entryCounts, 0, 8 * 4);
  memory.fill(lastEntries, 0xff, 8 * 4);
  numberCount = 0;
  chunk = -1;
  at = 0;
  chunkEnd = 0;
}

export function combinationsAreMany(): bool {
  return chunk + 1 > (CHUNKS_MAX >> 3) || numberCount > 1 << 19;
}

export function entryCount(rule: i32): u32 {
  return load<u32>(entryCounts + (rule << 2));
}

/** The codes of an entry's combination; 0 when it has none. */
export function codesOf(rule: i32, entry: u32): usize {
  return load<u32>(entryAt(rule, entry));
}

export function flagsOf(rule: i32, entry: u32): u32 {
  return load<u32>(entryAt(rule, entry), 4);
}

/** Where the template of an entry's resource is; 0: it has none. */
export function templateOf(rule: i32, entry: u32): usize {
  return load<u32>(entryAt(rule, entry), 8);
}

/** What a rule said of an entry. */
export function setAnswer(rule: i32, entry: u32, flags: u32, template: u32): void {
  store<u32>(entryAt(rule, entry), flags, 4);
  store<u32>(entryAt(rule, entry), template, 8);
}

function entryAt(rule: i32, entry: u32): usize {
  return <usize>load<u32>(entryPlaces + (rule << 2)) + ENTRY_BYTES * entry;
}

/** The next entry of a rule, for a tuple that comes from outside or for a combination. */
export function newEntry(rule: i32, codes: usize): u32 {
  const entry = entryCount(rule);
  const room = load<u32>(entryRooms + (rule << 2));
  if (entry == room) {
    const larger = allocate((ENTRY_BYTES << 1) * room);
    memory.copy(larger, load<u32>(entryPlaces + (rule << 2)), ENTRY_BYTES * room);
    store<u32>(entryPlaces + (rule << 2), <u32>larger);
    store<u32>(entryRooms + (rule << 2), room << 1);
  }
  store<u32>(entryCounts + (rule << 2), entry + 1);
  store<u32>(entryAt(rule, entry), <u32>codes);
  setAnswer(rule, entry, 0, 0);
  return entry;
}

export function setDerived(fact: i32, code: u32): void {
  store<u32>(derivedCodes + (fact << 2), code);
}

/** The entry of a rule for the record at hand, or NO_ENTRY. */
export function combine(rule: i32): u32 {
  const count = <i32>load<u8>(counts + rule);
  for (let i = 0; i < count; i++) {
    const input = inputs + ((rule * INPUTS_MAX + i) << 2);
    const fact = <i32>load<u8>(input);
    const when = <i32>load<u8>(input, 1);
    let code: u32 = 0;
    if (when == ALWAYS || when == IS || counts_(when, <i32>load<u8>(input, 2))) {
      code = codeOfFact(fact);
      if (code == TOO_LONG) return NO_ENTRY;
      if (when == IS && code != load<u32>(wanted + ((rule * INPUTS_MAX + i) << 2))) code = 0;
    }
    store<u32>(key + (i << 2), code);
  }
  return entryOf(rule, <usize>count << 2);
}

/** Whether a fact with a condition counts; a condition that may be true is taken as true. */
function counts_(when: i32, other: i32): bool {
  const there = has(other);
  if (when == UNLESS) {
    return !there || load<u8>(valueStart(other)) != QUOTE || valueEnd(other) - valueStart(other) < 3;
  }
  return there && load<u8>(valueStart(other)) != 0x6e;
}

const TOO_LONG: u32 = 0xffffffff;

function codeOfFact(fact: i32): u32 {
  if (fact >= paths.length) return load<u32>(derivedCodes + ((fact - paths.length) << 2));
  if (!has(fact)) return 0;
  const code = codeOf(fact, valueStart(fact), valueEnd(fact) - valueStart(fact));
  return code == 0 ? TOO_LONG : code;
}

function entryOf(rule: i32, bytes: usize): u32 {
  const last = load<u32>(lastEntries + (rule << 2));
  if (last != NO_ENTRY) {
    const codes = codesOf(rule, last);
    if (codes != 0 && equalBytes(codes, key, bytes)) return last;
  }
  const hash = finishHash(addToHash(startHash(rule + 1), 1, key, bytes));
  const tag = hash & 0xffffffff00000000;
  let slot = <u32>hash & slotsMask;
  while (true) {
    const place = slots + ((<usize>slot) << 3);
    const found = load<u64>(place);
    if (found == 0) break;
    const number = numbers + 12 * <usize>(<u32>found - 1);
    if (
      (found & 0xffffffff00000000) == tag &&
      load<u32>(number, 4) == <u32>rule &&
      equalBytes(load<u32>(number), key, bytes)
    ) {
      const entry = load<u32>(number, 8);
      store<u32>(lastEntries + (rule << 2), entry);
      return entry;
    }
    slot = (slot + 1) & slotsMask;
  }
  return addCombination(rule, bytes, slot, tag);
}

function addCombination(rule: i32, bytes: usize, slot: u32, tag: u64): u32 {
  const codes = roomFor(bytes);
  if (codes == 0) return NO_ENTRY;
  memory.copy(codes, key, bytes);
  const entry = newEntry(rule, codes);
  if (numberCount == numbersRoom) {
    const larger = allocate(<usize>numbersRoom * 24);
    memory.copy(larger, numbers, <usize>numbersRoom * 12);
    numbers = larger;
    numbersRoom <<= 1;
  }
  const number = numbers + 12 * <usize>(numberCount++);
  store<u32>(number, <u32>codes);
  store<u32>(number, <u32>rule, 4);
  store<u32>(number, entry, 8);
  store<u64>(slots + ((<usize>slot) << 3), tag | numberCount);
  store<u32>(lastEntries + (rule << 2), entry);
  if (numberCount << 1 > slotsMask) growSlots();
  return entry;
}

/** Bytes that hold as long as the entries do, from a whole word on; 0 when there is no room. */
export function roomFor(bytes: usize): usize {
  if (at + bytes + 16 > chunkEnd) {
    if (chunk + 1 == CHUNKS_MAX) return 0;
    if (++chunk == chunkCount) store<u32>(chunks + ((<usize>(chunkCount++)) << 2), <u32>allocate(CHUNK));
    at = load<u32>(chunks + ((<usize>chunk) << 2));
    chunkEnd = at + CHUNK;
  }
  const to = at;
  at += (bytes + 3) & ~(<usize>3);
  return to;
}

function growSlots(): void {
  const before = slots;
  const count = slotsMask + 1;
  slotsMask = (slotsMask << 1) | 1;
  slots = allocate((<usize>slotsMask + 1) << 3);
  memory.fill(slots, 0, (<usize>slotsMask + 1) << 3);
  for (let i: u32 = 0; i < count; i++) {
    const entry = load<u64>(before + ((<usize>i) << 3));
    if (entry == 0) continue;
    const number = numbers + 12 * <usize>(<u32>entry - 1);
    const rule = <i32>load<u32>(number, 4);
    const bytes = <usize>load<u8>(counts + rule) << 2;
    const hash = finishHash(addToHash(startHash(rule + 1), 1, load<u32>(number), bytes));
    let slot = <u32>hash & slotsMask;
    while (load<u64>(slots + ((<usize>slot) << 3)) != 0) slot = (slot + 1) & slotsMask;
    store<u64>(slots + ((<usize>slot) << 3), entry);
  }
}
