/** A start or end tag with its attributes, or text between tags; enough of HTML for our own pages. */
export type Piece =
  | { kind: 'open' | 'close'; name: string; attributes: Record<string, string> }
  | { kind: 'text'; text: string };

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' };

/** Character references as the characters they stand for; throws on a bare ampersand. */
function decoded(text: string): string {
  return text.replace(/&(?:#(\d+);|(\w+);)?/g, (match, digits?: string, name?: string) => {
    if (digits) return String.fromCodePoint(Number(digits));
    const entity = name === undefined ? undefined : entities[name];
    if (entity === undefined) throw new Error(`bare ampersand: ${match}`);
    return entity;
  });
}

/** Splits HTML strictly: throws on a `<` that starts no tag, an unquoted attribute, a stray `>`. */
export function pieces(html: string): Piece[] {
  const found: Piece[] = [];
  const tag = /<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z][\w:-]*(?:="[^"<>]*")?)*)\s*>/y;
  let at = /^<!doctype html>\s*/i.exec(html)?.[0].length ?? 0;
  while (at < html.length) {
    const next = html.indexOf('<', at);
    const text = html.slice(at, next < 0 ? html.length : next);
    if (text.includes('>')) throw new Error(`stray > in ${text.slice(0, 80)}`);
    if (text !== '') found.push({ kind: 'text', text: decoded(text) });
    if (next < 0) break;
    tag.lastIndex = next;
    const match = tag.exec(html);
    if (!match) throw new Error(`no tag: ${html.slice(next, next + 80)}`);
    const attributes: Record<string, string> = {};
    for (const [, name, value] of match[3]!.matchAll(/([a-zA-Z][\w:-]*)(?:="([^"]*)")?/g)) {
      attributes[name!] = decoded(value ?? '');
    }
    found.push({ kind: match[1] ? 'close' : 'open', name: match[2]!, attributes });
    at = tag.lastIndex;
    if (!match[1] && match[2] === 'style') {
      const end = html.indexOf('</style>', at);
      found.push({ kind: 'text', text: html.slice(at, end) });
      at = end;
    }
  }
  return found;
}

const empty = new Set(['meta', 'link', 'br', 'hr', 'img', 'input']);

/** Elements that are not closed in order; an empty list when all are. */
export function unbalanced(all: readonly Piece[]): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const piece of all) {
    if (piece.kind === 'open' && !empty.has(piece.name)) open.push(piece.name);
    if (piece.kind === 'close' && open.pop() !== piece.name) wrong.push(piece.name);
  }
  return [...wrong, ...open];
}
