// requestParameters.encryptionContext: a value nearly as varied as the calls themselves, in an object
// that is otherwise much the same from call to call. Apart, each can be treated as it deserves.
import { equal32, QUOTE, COLON, COMMA, CLOSE_BRACE, OPEN_BRACE, skipSpace } from './bytes';
import { clearEscape, endOfString, sawEscape } from './strings';
import { skipValue } from './values';

/** Set by findContext; both 0 when there is no encryptionContext. */
export let contextStart: usize = 0;
export let contextEnd: usize = 0;

// "encryptionContext" with its quotes.
const KEY_LENGTH: usize = 19;
const key = memory.data(32);
const text = 'encryptionContext';
store<u8>(key, QUOTE);
for (let i = 0; i < text.length; i++) store<u8>(key + 1 + i, <u8>text.charCodeAt(i));
store<u8>(key + 1 + text.length, QUOTE);

/**
 * Finds the value of encryptionContext in the value of requestParameters at p. False when only a
 * full parser can tell: the key twice, a key with an escape, or broken text.
 */
export function findContext(p: usize, end: usize): bool {
  contextStart = 0;
  contextEnd = 0;
  if (load<u8>(p) != OPEN_BRACE) return true;
  p = skipSpace(p + 1);
  if (load<u8>(p) == CLOSE_BRACE) return true;
  while (p < end) {
    if (load<u8>(p) != QUOTE) return false;
    clearEscape();
    const keyEnd = endOfString(p + 1) + 1;
    if (sawEscape) return false;
    const isContext = keyEnd - p == KEY_LENGTH && equal32(p, key, KEY_LENGTH);
    p = skipSpace(keyEnd);
    if (load<u8>(p) != COLON) return false;
    const valueStart = skipSpace(p + 1);
    p = skipValue(valueStart, end);
    if (p == 0) return false;
    if (isContext) {
      if (contextStart != 0) return false;
      contextStart = valueStart;
      contextEnd = p;
    }
    p = skipSpace(p);
    if (load<u8>(p) == CLOSE_BRACE) return true;
    if (load<u8>(p) != COMMA) return false;
    p = skipSpace(p + 1);
  }
  return false;
}
