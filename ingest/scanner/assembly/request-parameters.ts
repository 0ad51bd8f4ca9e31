// requestParameters.encryptionContext: a value nearly as varied as the calls themselves, in an object
// that is otherwise much the same from call to call. Apart, each can be treated as it deserves.
import { BACKSLASH, CLOSE_BRACE, equal32, OPEN_BRACE, QUOTE } from './bytes';
import { addMember, memberEnd, memberStart, readMembers } from './members';

/** Set by findContext; both 0 when there is no encryptionContext. */
export let contextStart: usize = 0;
export let contextEnd: usize = 0;
/** Set by findContext: how far the context is compared, see ROW_CONTEXT_CUT. */
export let contextCut: usize = 0;

const PARAMETERS = 6;
const CONTEXT = addMember(PARAMETERS, 'encryptionContext');

/**
 * Finds the value of encryptionContext in the value of requestParameters at p. False when only a
 * full parser can tell: the key twice, a key with an escape, or broken text.
 */
export function findContext(p: usize, end: usize): bool {
  contextStart = 0;
  contextEnd = 0;
  if (load<u8>(p) != OPEN_BRACE) return true;
  if (!readMembers(PARAMETERS, p, end)) return false;
  if (memberStart(CONTEXT) == 0) return true;
  contextStart = memberStart(CONTEXT);
  contextEnd = memberEnd(CONTEXT);
  contextCut = cutOf(contextStart, contextEnd);
  return true;
}

const s3 = memory.data(32);
const s3Text = '{"aws:s3:arn":"';
for (let i = 0; i < s3Text.length; i++) store<u8>(s3 + i, <u8>s3Text.charCodeAt(i));
const S3_LENGTH: usize = 15;

/** After the first slash of a context that is just the ARN of an S3 object, plainly written; else the end. */
function cutOf(start: usize, end: usize): usize {
  const last = end - 2; // of `"}`
  if (end - start < S3_LENGTH + 2 || !equal32(start, s3, S3_LENGTH)) return end;
  if (load<u8>(last) != QUOTE || load<u8>(last, 1) != CLOSE_BRACE) return end;
  let cut = end;
  for (let p = start + S3_LENGTH; p < last; p += 16) {
    const bytes = v128.load(p);
    const inside: u32 = last - p < 16 ? ((<u32>1) << (<u32>(last - p))) - 1 : 0xffff;
    const special = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(QUOTE)), i8x16.eq(bytes, i8x16.splat(BACKSLASH))),
      i8x16.lt_u(bytes, i8x16.splat(0x20)),
    );
    if (i8x16.bitmask(special) & inside) return end;
    const slashes = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(0x2f))) & inside;
    if (cut == end && slashes != 0) cut = p + ctz(slashes) + 1;
  }
  return cut;
}
