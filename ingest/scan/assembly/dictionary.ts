// The dictionary of facts: equal texts get equal codes, from 1; 0 is for a fact that is not there. Texts are
// compared in full, the hash only finds them. Codes hold until all is forgotten.
import { derived, paths } from '../../facts';
import { copyBytes, equalBytes } from './bytes';
import { addToHash, finishHash, startHash } from './hash';
import { allocate } from './memory';

/** A longer text is not kept: its record goes to the plain reader. */
export const TEXT_MAX: usize = 8192;
/** Bytes of all texts: three quarters mean that it is time to forget, all of them that nothing more is taken. */
const BYTES_MAX: usize = 48 << 20;
const CHUNK: usize = 1 << 20;
export const FACTS: i32 = paths.length + derived.length;

let codes: u32 = 0;
// By code: where its text is and how long it is.
let texts: usize = 0;
let textsRoom: u32 = 1 << 12;
// Hash << 32 | code, 0 = free.
let slots: usize = 0;
let slotsMask: u32 = (1 << 13) - 1;
// The code that each fact had last: it is compared first.
const lastCodes = memory.data(128 * 4, 4);

// Chunks that hold texts, the one in use and what is left of it.
const chunks = memory.data(64 * 4, 4);
let chunkCount = 0;
let chunk = -1;
let at: usize = 0;
let chunkEnd: usize = 0;

texts = allocate(<usize>textsRoom << 3);
slots = allocate((<usize>slotsMask + 1) << 3);

/** Forgets all texts: codes start again at 1. */
export function forgetTexts(): void {
  memory.fill(slots, 0, (<usize>slotsMask + 1) << 3);
  memory.fill(lastCodes, 0, 128 * 4);
  codes = 0;
  chunk = -1;
  at = 0;
  chunkEnd = 0;
}

/** Whether it is time to forget. */
export function textsAreMany(): bool {
  return <usize>(chunk + 1) * CHUNK > (BYTES_MAX >> 2) * 3 || codes > 1 << 19;
}

/** The code of a fact's text; 0 when it is too long, or there is no room. */
export function codeOf(fact: i32, p: usize, length: usize): u32 {
  const last = lastCodes + ((<usize>fact) << 2);
  const before = load<u32>(last);
  if (before != 0 && isText(before, p, length)) return before;
  if (length > TEXT_MAX) return 0;
  const hash = hashOf(p, length);
  const tag = hash & 0xffffffff00000000;
  let slot = <u32>hash & slotsMask;
  while (true) {
    const place = slots + ((<usize>slot) << 3);
    const entry = load<u64>(place);
    if (entry == 0) break;
    const code = <u32>entry;
    if ((entry & 0xffffffff00000000) == tag && isText(code, p, length)) {
      store<u32>(last, code);
      return code;
    }
    slot = (slot + 1) & slotsMask;
  }
  const to = roomFor(length);
  if (to == 0) return 0;
  copyBytes(to, p, length);
  const code = ++codes;
  if (code >= textsRoom) growTexts();
  store<u32>(texts + ((<usize>code) << 3), <u32>to);
  store<u32>(texts + ((<usize>code) << 3), <u32>length, 4);
  store<u64>(slots + ((<usize>slot) << 3), tag | code);
  store<u32>(last, code);
  if (code << 1 > slotsMask) growSlots();
  return code;
}

export function textStart(code: u32): usize {
  return load<u32>(texts + ((<usize>code) << 3));
}

export function textLength(code: u32): usize {
  return load<u32>(texts + ((<usize>code) << 3), 4);
}

function isText(code: u32, p: usize, length: usize): bool {
  return textLength(code) == length && equalBytes(textStart(code), p, length);
}

function roomFor(length: usize): usize {
  if (at + length + 16 > chunkEnd) {
    if (<usize>(chunk + 1) * CHUNK >= BYTES_MAX) return 0;
    if (++chunk == chunkCount) store<u32>(chunks + ((<usize>(chunkCount++)) << 2), <u32>allocate(CHUNK));
    at = load<u32>(chunks + ((<usize>chunk) << 2));
    chunkEnd = at + CHUNK;
  }
  const to = at;
  at += length;
  return to;
}

function growTexts(): void {
  const larger = allocate(<usize>textsRoom << 4);
  memory.copy(larger, texts, <usize>textsRoom << 3);
  texts = larger;
  textsRoom <<= 1;
}

function growSlots(): void {
  const before = slots;
  const count = slotsMask + 1;
  slotsMask = (slotsMask << 1) | 1;
  slots = allocate((<usize>slotsMask + 1) << 3);
  memory.fill(slots, 0, (<usize>slotsMask + 1) << 3);
  for (let i: u32 = 0; i < count; i++) {
    const entry = load<u64>(before + ((<usize>i) << 3));
    if (entry != 0) place(entry);
  }
}

function place(entry: u64): void {
  const code = <u32>entry;
  let slot = <u32>hashOf(textStart(code), textLength(code)) & slotsMask;
  while (load<u64>(slots + ((<usize>slot) << 3)) != 0) slot = (slot + 1) & slotsMask;
  store<u64>(slots + ((<usize>slot) << 3), entry);
}

function hashOf(p: usize, length: usize): u64 {
  return finishHash(addToHash(startHash(0), 0, p, length));
}
