/** Strings and quoted names, which may hold two hyphens, before comments, which may hold quotes. */
export const quotedOrComment = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*/g;

/** SQL without its `--` comments: what they mention is neither a parameter nor a column. */
export function withoutComments(sql: string): string {
  return sql.replace(quotedOrComment, (part) => (part.startsWith('--') ? '' : part));
}

/** Names of the `$name` parameters of a statement; none in comments and strings. */
export function parameterNames(sql: string): Set<string> {
  const bare = sql.replace(quotedOrComment, ' ');
  return new Set([...bare.matchAll(/\$([a-z_][a-z_0-9]*)/g)].map((match) => match[1]!));
}
