/** Flags of a command: names as parameters have them, values as they were given. */
export type CommandParams = Readonly<Record<string, string | undefined>>;

/**
 * The command line of keymeter that asks the same: `words` such as `run key-usage`, parameters as flags,
 * then the flags that name the database and the other files.
 */
export function commandLine(
  words: readonly string[],
  params: CommandParams,
  files: CommandParams = {},
): string {
  return `keymeter ${words.join(' ')}${commandFlags(files)}${commandFlags(params)}`;
}

/** ` --from 7d --saved-calls-min 50`: one flag for each value that was given. */
export function commandFlags(params: CommandParams): string {
  return Object.entries(params)
    .filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '')
    .map(([name, value]) => ` --${name.replaceAll('_', '-')} ${shellWord(value)}`)
    .join('');
}

/** Quoted so that a shell takes it as one word, whatever a log's author put into it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./][\w@%+=:,./-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
