import { createHash } from 'node:crypto';

const canonical = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether the text is a lower-case UUID, which 16 bytes give back exactly. */
export function isCanonicalUuid(text: string): boolean {
  return canonical.test(text);
}

/**
 * 16 bytes that stand for an id: the UUID's own, or the start of the SHA-256 of any other text (whose
 * text is then kept beside it). Written at `offset` of `target`, most significant byte first.
 */
export function writeId(text: string, target: Uint8Array, offset: number): void {
  if (!isCanonicalUuid(text)) {
    target.set(createHash('sha256').update(text, 'utf8').digest().subarray(0, 16), offset);
    return;
  }
  let position = offset;
  for (let i = 0; i < 36;) {
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      i++;
      continue;
    }
    target[position++] = (nibble(text.charCodeAt(i)) << 4) | nibble(text.charCodeAt(i + 1));
    i += 2;
  }
}

function nibble(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}
