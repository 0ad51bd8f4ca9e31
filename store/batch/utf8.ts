/** UTF-8 of a text; a lone surrogate has none and becomes U+FFFD, here as in DuckDB. */
export function encodeText(text: string): Buffer {
  // ES2024's String.prototype.toWellFormed, which Node 20 has.
  return Buffer.from((text as string & { toWellFormed(): string }).toWellFormed(), 'utf8');
}
