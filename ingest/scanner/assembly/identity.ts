// Who called, for the usual case: a session of a role. Equals what rules/identity.ts says of it; all else is
// left to that.
import { BOOK_IDENTITIES, BOOLEAN_NULL, BOOLEAN_TRUE } from '../column-layout';
import {
  FIELD_CONSOLE_SESSION,
  FIELD_RECIPIENT_ACCOUNT_ID,
  FIELD_USER_IDENTITY,
  NOT_INTERNED,
  ROW_PRESENT,
} from '../row-layout';
import { equal32 } from './bytes';
import { isCanonical } from './canonical';
import { internCaller } from './intern';
import { teachIdentity } from './known';
import { addMember, isPlainAscii, memberEnd, memberStart, readMembers } from './members';
import { beginTuple, endTuple, nextBoolean, nextNull, nextText } from './tuple-writer';
import { spanEnd, spanStart } from './walk';

const USER = 0;
const TYPE = addMember(USER, 'type');
const ARN = addMember(USER, 'arn');
const ACCOUNT = addMember(USER, 'accountId');
const ACCESS_KEY = addMember(USER, 'accessKeyId');
const INVOKED_BY = addMember(USER, 'invokedBy');
const SESSION_CONTEXT = addMember(USER, 'sessionContext');
const SESSION = 1;
const ISSUER = addMember(SESSION, 'sessionIssuer');
const ROLE = 2;
const ROLE_ARN = addMember(ROLE, 'arn');

const words = memory.data(96);
const IDENTITY = words; // identity
const ASSUMED_ROLE = words + 8; // "AssumedRole", quoted
const TRUE = words + 24; // "true", quoted
const STS = words + 32; // :sts::
const RESOURCE = words + 40; // :assumed-role/
write(IDENTITY, 'identity');
write(ASSUMED_ROLE, '"AssumedRole"');
write(TRUE, '"true"');
write(STS, ':sts::');
write(RESOURCE, ':assumed-role/');

function write(at: usize, text: string): void {
  for (let i = 0; i < text.length; i++) store<u8>(at + i, <u8>text.charCodeAt(i));
}

/** Makes the tuple of a row's identity, and teaches it; false when the rules must be asked. */
export function tellIdentity(id: u32, row: usize, input: usize): bool {
  const present = load<u32>(row + (ROW_PRESENT << 2));
  const needed: u32 = (1 << FIELD_USER_IDENTITY) | (1 << FIELD_RECIPIENT_ACCOUNT_ID);
  if ((present & needed) != needed) return false;
  const recipient = input + spanStart(row, FIELD_RECIPIENT_ACCOUNT_ID);
  const recipientEnd = input + spanEnd(row, FIELD_RECIPIENT_ACCOUNT_ID);
  if (!isPlainAscii(recipient, recipientEnd)) return false;
  let console: u8 = <u8>BOOLEAN_NULL;
  if ((present & (1 << FIELD_CONSOLE_SESSION)) != 0) {
    const start = input + spanStart(row, FIELD_CONSOLE_SESSION);
    const length = input + spanEnd(row, FIELD_CONSOLE_SESSION) - start;
    if (length != 6 || !equal32(start, TRUE, 6)) return false;
    console = <u8>BOOLEAN_TRUE;
  }
  const userEnd = input + spanEnd(row, FIELD_USER_IDENTITY);
  const user = input + spanStart(row, FIELD_USER_IDENTITY);
  // Whole, so that text that is no JSON is found: a plain parser may never see this one.
  if (!isCanonical(user, userEnd) || !readMembers(USER, user, userEnd)) return false;
  const type = memberStart(TYPE);
  if (memberEnd(TYPE) - type != 13 || !equal32(type, ASSUMED_ROLE, 13)) return false;
  const arn = memberStart(ARN);
  const arnEnd = memberEnd(ARN);
  const account = memberStart(ACCOUNT);
  const accountEnd = memberEnd(ACCOUNT);
  const accessKey = memberStart(ACCESS_KEY);
  const accessKeyEnd = memberEnd(ACCESS_KEY);
  const context = memberStart(SESSION_CONTEXT);
  const contextEnd = memberEnd(SESSION_CONTEXT);
  const invokedBy = memberStart(INVOKED_BY);
  const invokedByEnd = memberEnd(INVOKED_BY);
  if (context == 0 || (invokedBy != 0 && !isPlainAscii(invokedBy, invokedByEnd))) return false;
  if (!isPlainAscii(account, accountEnd) || !isPlainAscii(arn, arnEnd)) return false;
  if (accessKey != 0 && !isPlainAscii(accessKey, accessKeyEnd)) return false;
  if (!readMembers(SESSION, context, contextEnd)) return false;
  const issuer = memberStart(ISSUER);
  if (issuer == 0 || !readMembers(ROLE, issuer, memberEnd(ISSUER))) return false;
  const role = memberStart(ROLE_ARN);
  const roleEnd = memberEnd(ROLE_ARN);
  if (!isPlainAscii(role, roleEnd)) return false;
  const session = sessionOf(arn + 1, arnEnd - 1);
  if (session == 0) return false;
  const caller = internCaller(account, accountEnd, invokedBy, invokedByEnd);
  if (caller == NOT_INTERNED) return false;
  // Of the user's texts only the session's name stands twice.
  if (!beginTuple(BOOK_IDENTITIES, recipientEnd - recipient + 2 * (userEnd - user) + 32))
    return false;
  nextText(recipient + 1, recipientEnd - recipient - 2);
  nextText(account + 1, accountEnd - account - 2);
  nextText(IDENTITY, 8);
  nextText(role + 1, roleEnd - role - 2);
  nextText(ASSUMED_ROLE + 1, 11);
  nextText(session, arnEnd - 1 - session);
  nextText(arn + 1, arnEnd - arn - 2);
  if (accessKey == 0) nextNull();
  else nextText(accessKey + 1, accessKeyEnd - accessKey - 2);
  nextBoolean(console);
  teachIdentity(id, endTuple(), caller);
  return true;
}

/**
 * Where the session's name begins in `arn:aws[a-z-]*:sts::<12 digits>:assumed-role/<role>/<session>`; 0 when
 * the text is no such ARN.
 */
function sessionOf(p: usize, end: usize): usize {
  if (end - p < 40 || (load<u64>(p) & 0xffffffffffffff) != 0x7377613a6e7261) return 0; // arn:aws
  p += 7;
  while (isPartition(load<u8>(p))) p++;
  if (!equal32(p, STS, 6)) return 0;
  p += 6;
  for (let i = 0; i < 12; i++) if (<u8>(load<u8>(p + i) - 0x30) > 9) return 0;
  if (!equal32(p + 12, RESOURCE, 14)) return 0;
  const role = p + 26;
  let slash = end - 1;
  while (slash > role && load<u8>(slash) != 0x2f) slash--;
  return slash > role && slash + 1 < end ? slash + 1 : 0;
}

function isPartition(byte: u8): bool {
  return (byte >= 0x61 && byte <= 0x7a) || byte == 0x2d;
}
