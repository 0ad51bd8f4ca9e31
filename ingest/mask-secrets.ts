/**
 * Credentials that AWS answers with stand in records of AssumeRole, CreateAccessKey and their kin. They
 * are overwritten before anything is stored or shown: the string value of each member whose name ends
 * like these, in JSON text. Each byte becomes a star, so that both readers agree and nothing moves.
 */
const secretName =
  /(?:token|tokens|tokencode|password|passphrase|passwd|secret|secretkey|secretaccesskey|secretstring|secretbinary|privatekey|privatekeypem|apikey|plaintext|assertion|signature)(\\*)"\s*:\s*(\[?)\s*\1"/gi;

/** Names that end likewise and open nothing: marks of pages, and ids that make a request unique. */
const harmlessName =
  /["\\](?:next|client|client_?request|continuation|pagination|idempotency|marker|start)_?token$/i;

const longestName = 64;
const star = 0x2a;
const quote = 0x22;
const backslash = 0x5c;

/** Overwrites secrets in JSON text, in place; true when there were any. Texts may follow each other. */
export function maskBytes(bytes: Uint8Array): boolean {
  let found = false;
  for (const [from, to] of secretsIn(latin1Of(bytes), bytes)) {
    bytes.fill(star, from, to);
    found ||= to > from;
  }
  return found;
}

/** The text with secrets overwritten. */
export function maskText(text: string): string {
  secretName.lastIndex = 0;
  if (!secretName.test(text)) return text;
  const bytes = Buffer.from(text, 'utf8');
  return maskBytes(bytes) ? bytes.toString('utf8') : text;
}

const latin1Of = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

function* secretsIn(text: string, bytes: Uint8Array): Generator<[from: number, to: number]> {
  secretName.lastIndex = 0;
  for (let match = secretName.exec(text); match; match = secretName.exec(text)) {
    const [whole, escape = '', list] = match;
    const name = text.slice(
      Math.max(0, match.index - longestName),
      match.index + whole.search(/\\*"\s*:/),
    );
    if (harmlessName.test(name)) continue;
    let at = match.index + whole.length;
    for (;;) {
      const end = endOfString(bytes, at, escape.length);
      yield [at, end];
      if (!list) break;
      const next = /^\\*"\s*,\s*\\*"/.exec(text.slice(end - escape.length, end + 16));
      if (!next) break;
      at = end - escape.length + next[0].length;
    }
    secretName.lastIndex = at;
  }
}

/** Where a JSON string ends whose quotes are escaped so many times; the end of the text when it is cut. */
function endOfString(bytes: Uint8Array, from: number, escapes: number): number {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] !== quote) continue;
    let before = 0;
    while (at - 1 - before >= from && bytes[at - 1 - before] === backslash) before++;
    if (escapes === 0 ? before % 2 === 0 : before <= escapes) return at - Math.min(before, escapes);
  }
  return bytes.length;
}
