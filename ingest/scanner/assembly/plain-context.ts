// What an encryption context says of a call's resource, for the usual case: texts by name, written as
// JSON.stringify writes them. Equals what rules/context.ts says of it; all else is left to that.
import {
  BOOK_CONTEXT_TEXTS,
  contextResourceKeys,
  KIND_ENCRYPTION_SDK,
  KIND_OTHER,
} from '../column-layout';
import { ROW_CONTEXT_END, ROW_CONTEXT_START } from '../row-layout';
import { CLOSE_BRACE, COLON, COMMA, equalBytes, OPEN_BRACE, QUOTE } from './bytes';
import { teachContext } from './known';
import { addMember, isPlainAscii, memberEnd, memberStart, readMembers } from './members';
import { endOfString } from './strings';
import { beginTuple, endTuple, nextNull, nextText } from './tuple-writer';

const CONTEXT = 4;
const RESOURCE_KEYS = 8;
for (let i = 0; i < RESOURCE_KEYS; i++) addMember(CONTEXT, contextResourceKeys[i]);
const SDK = addMember(CONTEXT, 'aws-crypto-public-key');
// Contexts with these are the rules' to read.
const FIRST_OF_RULES = addMember(CONTEXT, 'aws:s3:arn');
addMember(CONTEXT, 'aws:cloudtrail:arn');
addMember(CONTEXT, 'aws:dynamodb:tableName');
const LAST_OF_RULES = addMember(CONTEXT, 'branch-key-id');

/** Members of a context at most: each is compared with those before it. */
const MEMBERS_MAX = 8;
const keys = memory.data(8 * 8);

/** Makes the texts of a row's context, and teaches its kind; false when the rules must be asked. */
export function tellContext(id: u32, row: usize, input: usize): bool {
  const start = input + load<u32>(row + (ROW_CONTEXT_START << 2));
  const end = input + load<u32>(row + (ROW_CONTEXT_END << 2));
  if (start == end || !isCompact(start, end) || !readMembers(CONTEXT, start, end)) return false;
  for (let member = FIRST_OF_RULES; member <= LAST_OF_RULES; member++) {
    if (memberStart(member) != 0) return false;
  }
  let kind: u32 = 0;
  let resource: usize = 0;
  let resourceEnd: usize = 0;
  for (let key = 0; key < RESOURCE_KEYS && kind == 0; key++) {
    if (memberStart(key) == 0) continue;
    kind = <u32>key + 1;
    resource = memberStart(key);
    resourceEnd = memberEnd(key);
  }
  if (kind == 0 && memberStart(SDK) != 0) kind = KIND_ENCRYPTION_SDK;
  if (kind == 0) {
    kind = KIND_OTHER;
    resource = firstArn;
    resourceEnd = firstArnEnd;
  }
  if (!beginTuple(BOOK_CONTEXT_TEXTS, end - start + resourceEnd - resource)) return false;
  nextText(start, end - start);
  if (resource == 0) nextNull();
  else nextText(resource + 1, resourceEnd - resource - 2);
  teachContext(id, kind, endTuple());
  return true;
}

// Set by isCompact: the first value that begins like an ARN.
let firstArn: usize = 0;
let firstArnEnd: usize = 0;

/**
 * Whether the text is an object of at least one text, without white space, escapes or anything but ASCII, no
 * key twice and none that begins like a number, which JavaScript would put first.
 */
function isCompact(p: usize, end: usize): bool {
  firstArn = 0;
  firstArnEnd = 0;
  if (load<u8>(p) != OPEN_BRACE) return false;
  for (let member = 0; member < MEMBERS_MAX; member++) {
    const key = p + 1;
    const keyEnd = stringEnd(key);
    if (keyEnd == 0 || <u8>(load<u8>(key + 1) - 0x30) <= 9) return false;
    store<u32>(keys + (member << 3), <u32>key);
    store<u32>(keys + (member << 3), <u32>keyEnd, 4);
    for (let before = 0; before < member; before++) {
      const other = <usize>load<u32>(keys + (before << 3));
      const otherEnd = <usize>load<u32>(keys + (before << 3), 4);
      if (otherEnd - other == keyEnd - key && equalBytes(other, key, keyEnd - key)) return false;
    }
    if (load<u8>(keyEnd) != COLON) return false;
    const value = keyEnd + 1;
    p = stringEnd(value);
    if (p == 0) return false;
    // arn:
    if (firstArn == 0 && p - value > 5 && load<u32>(value, 1) == 0x3a6e7261) {
      firstArn = value;
      firstArnEnd = p;
    }
    if (load<u8>(p) == CLOSE_BRACE) return p + 1 == end;
    if (load<u8>(p) != COMMA) return false;
  }
  return false;
}

/** The position after the plain string at p; 0 when there is none. An empty one is not plain here. */
function stringEnd(p: usize): usize {
  if (load<u8>(p) != QUOTE) return 0;
  const end = endOfString(p + 1) + 1;
  return isPlainAscii(p, end) ? end : 0;
}
