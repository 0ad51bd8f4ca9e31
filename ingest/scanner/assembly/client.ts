// From where a call came, for the usual case: an IPv4 address. Equals what rules/client.ts says of it; all
// else is left to that.
import { BOOK_CLIENTS } from '../column-layout';
import {
  FIELD_SOURCE_IP_ADDRESS,
  FIELD_TLS_DETAILS,
  FIELD_USER_AGENT,
  FIELD_VPC_ENDPOINT_ID,
  ROW_PRESENT,
} from '../row-layout';
import { equal32 } from './bytes';
import { isCanonical } from './canonical';
import { teachClient } from './known';
import { addMember, isPlainAscii, memberEnd, memberStart, readMembers } from './members';
import { beginTuple, endTuple, nextNull, nextText } from './tuple-writer';
import { spanEnd, spanStart } from './walk';

const TLS = 3;
const TLS_VERSION = addMember(TLS, 'tlsVersion');

const SUFFIX_LENGTH: usize = 15;
const suffix = memory.data(32); // .amazonaws.com and the closing quote
const suffixText = '.amazonaws.com"';
for (let i = 0; i < suffixText.length; i++) store<u8>(suffix + i, <u8>suffixText.charCodeAt(i));
const INTERNAL_LENGTH: usize = 14;
const internal = memory.data(32);
const internalText = '"AWS Internal"';
for (let i = 0; i < internalText.length; i++)
  store<u8>(internal + i, <u8>internalText.charCodeAt(i));

/** Makes the tuple of a row's client, and teaches it; false when the rules must be asked. */
export function tellClient(id: u32, row: usize, input: usize): bool {
  const present = load<u32>(row + (ROW_PRESENT << 2));
  if ((present & (1 << FIELD_SOURCE_IP_ADDRESS)) == 0) return false;
  const source = input + spanStart(row, FIELD_SOURCE_IP_ADDRESS);
  const sourceEnd = input + spanEnd(row, FIELD_SOURCE_IP_ADDRESS);
  if (!isIpv4(source, sourceEnd)) return false;
  let agent: usize = 0;
  let agentEnd: usize = 0;
  if ((present & (1 << FIELD_USER_AGENT)) != 0) {
    agent = input + spanStart(row, FIELD_USER_AGENT);
    agentEnd = input + spanEnd(row, FIELD_USER_AGENT);
    if (!isPlainAscii(agent, agentEnd) || isService(agent, agentEnd)) return false;
  }
  let endpoint: usize = 0;
  let endpointEnd: usize = 0;
  if ((present & (1 << FIELD_VPC_ENDPOINT_ID)) != 0) {
    endpoint = input + spanStart(row, FIELD_VPC_ENDPOINT_ID);
    endpointEnd = input + spanEnd(row, FIELD_VPC_ENDPOINT_ID);
    if (!isPlainAscii(endpoint, endpointEnd)) return false;
  }
  let tls: usize = 0;
  let tlsEnd: usize = 0;
  if ((present & (1 << FIELD_TLS_DETAILS)) != 0) {
    const end = input + spanEnd(row, FIELD_TLS_DETAILS);
    const details = input + spanStart(row, FIELD_TLS_DETAILS);
    if (!isCanonical(details, end) || !readMembers(TLS, details, end)) return false;
    tls = memberStart(TLS_VERSION);
    tlsEnd = memberEnd(TLS_VERSION);
    if (tls != 0 && !isPlainAscii(tls, tlsEnd)) return false;
  }
  const address = sourceEnd - source;
  const bytes = address * 2 + (agentEnd - agent) + (endpointEnd - endpoint) + (tlsEnd - tls);
  if (!beginTuple(BOOK_CLIENTS, bytes)) return false;
  nextText(source + 1, address - 2);
  nextText(source + 1, address - 2);
  nextValue(agent, agentEnd);
  nextValue(endpoint, endpointEnd);
  nextValue(tls, tlsEnd);
  teachClient(id, endTuple());
  return true;
}

function nextValue(start: usize, end: usize): void {
  if (start == 0) nextNull();
  else nextText(start + 1, end - start - 2);
}

/** Whether the user agent is a service's, which hides where the call came from. */
export function isService(p: usize, end: usize): bool {
  const length = end - p;
  if (length == INTERNAL_LENGTH && equal32(p, internal, INTERNAL_LENGTH)) return true;
  return length > SUFFIX_LENGTH && equal32(end - SUFFIX_LENGTH, suffix, SUFFIX_LENGTH);
}

/** Whether the value is a string of four numbers from 0 to 255 without leading zeros. */
export function isIpv4(p: usize, end: usize): bool {
  if (end - p < 9 || end - p > 17 || load<u8>(p) != 0x22) return false;
  p++;
  for (let part = 0; part < 4; part++) {
    const start = p;
    let number: u32 = 0;
    for (let digit = load<u8>(p); <u8>(digit - 0x30) <= 9; digit = load<u8>(p)) {
      number = number * 10 + (digit - 0x30);
      p++;
    }
    if (p == start || p - start > 3 || number > 255) return false;
    if (load<u8>(start) == 0x30 && p - start > 1) return false;
    const after = load<u8>(p);
    if (after != (part == 3 ? 0x22 : 0x2e)) return false;
    p++;
  }
  return p == end;
}
