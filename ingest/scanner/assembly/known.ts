// What the rules said, by the ids of interned texts. 0 everywhere means: not asked yet.
import { PER_ROW } from '../column-layout';

const ENTRIES: usize = 1 << 15;
/**
 * Distinct calls (a call's text, its kind of caller and of context) and actions at most, in twice as many
 * slots: as many as 16 bits can name.
 */
const CALLS_MAX: u32 = 1 << 15;
const SLOTS: u32 = CALLS_MAX << 1;

// Of an identity: number of its tuple + 1, caller. Of a client: number of its tuple + 1. Of a context:
// kind + 1, number of its texts. Of a call: key (64 bits), number of its tuple + 1, number of the key's
// tuple, number of its texts. Of an action: key (64 bits), number of its tuple + 1, whether a service's user
// agent hides where it came from.
const IDENTITY_BYTES: usize = 8;
const CLIENT_BYTES: usize = 4;
const CONTEXT_BYTES: usize = 8;
const CALL_BYTES: usize = 24;
const ACTION_BYTES: usize = 16;

let identitiesAt: usize = 0;
let clientsAt: usize = 0;
let contextsAt: usize = 0;
let callsAt: usize = 0;
let callCount: u32 = 0;
let actionsAt: usize = 0;
let actionCount: u32 = 0;

/** Bytes that layOutKnown needs. */
export const KNOWN_BYTES: usize =
  ENTRIES * (IDENTITY_BYTES + CLIENT_BYTES + CONTEXT_BYTES) +
  <usize>SLOTS * (CALL_BYTES + ACTION_BYTES);

export function layOutKnown(at: usize): void {
  identitiesAt = at;
  clientsAt = identitiesAt + ENTRIES * IDENTITY_BYTES;
  contextsAt = clientsAt + ENTRIES * CLIENT_BYTES;
  callsAt = contextsAt + ENTRIES * CONTEXT_BYTES;
  actionsAt = callsAt + <usize>SLOTS * CALL_BYTES;
}

/** Forgets all that the rules said. */
export function forgetKnown(): void {
  memory.fill(identitiesAt, 0, KNOWN_BYTES);
  callCount = 0;
  actionCount = 0;
}

/** Whether a new call or action might have no place. */
export function knownIsCrowded(): bool {
  return callCount + 8 > CALLS_MAX || actionCount + 8 > CALLS_MAX;
}

/** Number of the identity's tuple + 1; 0 or PER_ROW. */
export function knownIdentity(id: u32): u32 {
  return load<u32>(identitiesAt + IDENTITY_BYTES * id);
}

/** Stands for the account and invokedBy, all that calls and keys take from an identity. */
export function callerOf(id: u32): u32 {
  return load<u32>(identitiesAt + IDENTITY_BYTES * id, 4);
}

export function teachIdentity(id: u32, tuple: u32, caller: u32): void {
  const at = identitiesAt + IDENTITY_BYTES * id;
  store<u32>(at, tuple == PER_ROW ? PER_ROW : tuple + 1);
  store<u32>(at, caller, 4);
}

/** Number of the client's tuple + 1; 0 or PER_ROW. */
export function knownClient(id: u32): u32 {
  return load<u32>(clientsAt + CLIENT_BYTES * id);
}

export function teachClient(id: u32, tuple: u32): void {
  store<u32>(clientsAt + CLIENT_BYTES * id, tuple == PER_ROW ? PER_ROW : tuple + 1);
}

/** The context's kind + 1; 0 or PER_ROW. */
export function knownContext(id: u32): u32 {
  return load<u32>(contextsAt + CONTEXT_BYTES * id);
}

export function contextTexts(id: u32): u32 {
  return load<u32>(contextsAt + CONTEXT_BYTES * id, 4);
}

/** `kind` stands for all that calls take from a context; 0: there is none, and the call's texts count. */
export function teachContext(id: u32, kind: u32, texts: u32): void {
  const at = contextsAt + CONTEXT_BYTES * id;
  store<u32>(at, kind == PER_ROW ? PER_ROW : kind + 1);
  store<u32>(at, texts, 4);
}

/** Set by knownCall. */
export let keyTuple: u32 = 0;
export let callTexts: u32 = 0;

/** Number of the call's tuple + 1; 0 or PER_ROW. */
export function knownCall(id: u32, caller: u32, kind: u32): u32 {
  const at = slotOf(callsAt, CALL_BYTES, keyOf(id, caller, kind));
  keyTuple = load<u32>(at, 12);
  callTexts = load<u32>(at, 16);
  return load<u32>(at, 8);
}

export function teachCall(id: u32, caller: u32, kind: u32, tuple: u32, key: u32, texts: u32): void {
  const whole = keyOf(id, caller, kind);
  const at = slotOf(callsAt, CALL_BYTES, whole);
  if (load<u32>(at, 8) == 0) callCount++;
  store<u64>(at, whole);
  store<u32>(at, tuple == PER_ROW ? PER_ROW : tuple + 1, 8);
  store<u32>(at, key, 12);
  store<u32>(at, texts, 16);
}

/** Ids have 15 bits, callers and kinds 24. */
function keyOf(id: u32, caller: u32, kind: u32): u64 {
  return ((<u64>id) << 48) | ((<u64>caller) << 24) | (<u64>kind);
}

/** Set by knownAction. */
export let hidesAddress: bool = false;

/** An action by an identity: number of its tuple + 1; 0 or PER_ROW. */
export function knownAction(identity: u32, own: u32): u32 {
  const at = slotOf(actionsAt, ACTION_BYTES, ((<u64>identity) << 32) | (<u64>own));
  hidesAddress = load<u32>(at, 12) != 0;
  return load<u32>(at, 8);
}

export function teachAction(identity: u32, own: u32, tuple: u32, hides: bool): void {
  const key = ((<u64>identity) << 32) | (<u64>own);
  const at = slotOf(actionsAt, ACTION_BYTES, key);
  if (load<u32>(at, 8) == 0) actionCount++;
  store<u64>(at, key);
  store<u32>(at, tuple == PER_ROW ? PER_ROW : tuple + 1, 8);
  store<u32>(at, hides ? 1 : 0, 12);
}

/** The slot that holds the key, or the free one where it belongs; slots begin with key and tuple. */
function slotOf(slots: usize, bytes: usize, key: u64): usize {
  // Of a product only the highest bits depend on all of the key: an id stands in its highest 16.
  let slot = <u32>((key * 0x9e3779b97f4a7c15) >> 48);
  while (true) {
    const at = slots + bytes * slot;
    if (load<u32>(at, 8) == 0 || load<u64>(at) == key) return at;
    slot = (slot + 1) & (SLOTS - 1);
  }
}
