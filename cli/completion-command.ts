import { Argument, Command } from 'commander';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

/** What can follow the words of a command: its subcommands, flags, and values of flags and arguments. */
interface Place {
  path: string;
  words: string[];
  /** Values by flag. */
  values: Record<string, string[]>;
}

/** `keymeter completion`: a shell's completion, made from the commands as they are. */
export function completionCommand(wholeProgram: () => Promise<Command>): Command {
  return new Command('completion')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addHelpText(
      'after',
      `
Examples:
  keymeter completion bash > ~/.local/share/bash-completion/completions/keymeter
  keymeter completion zsh > ~/.zfunc/_keymeter
  keymeter completion fish > ~/.config/fish/completions/keymeter.fish`,
    )
    .action(async (shell: Shell) => {
      const places = placesOf(await wholeProgram(), '');
      const script = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell];
      process.stdout.write(script(places));
    });
}

function placesOf(command: Command, path: string): Place[] {
  const values: Record<string, string[]> = {};
  const flags = command.options.flatMap((option) => {
    if (option.hidden || !option.long) return [];
    if (option.argChoices) values[option.long] = [...option.argChoices];
    else if (option.required || option.optional) values[option.long] = [];
    return [option.long];
  });
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
  const subcommands = visible(command);
  const names = subcommands.map((sub) => sub.name());
  return [
    { path, words: [...names, ...choices, ...flags, '--help'], values },
    ...subcommands.flatMap((sub) => placesOf(sub, path ? `${path} ${sub.name()}` : sub.name())),
  ];
}

const visible = (command: Command) =>
  command
    .createHelp()
    .visibleCommands(command)
    .filter((sub) => sub.name() !== 'help');

const quoted = (words: readonly string[]) => `'${words.join(' ')}'`;

/** The same walk for bash and zsh: the longest known path of words before the cursor. */
function bashBody(places: readonly Place[]): string {
  const cases = places.map(({ path, words }) => `    ${quoted([path])}) echo ${quoted(words)} ;;`);
  const values = places.flatMap(({ path, values: byFlag }) =>
    Object.entries(byFlag).map(
      ([flag, choices]) => `    ${quoted([path, flag])}) echo ${quoted(choices)} ;;`,
    ),
  );
  return `_keymeter_words() {
  case "$1" in
${cases.join('\n')}
  esac
}
_keymeter_values() {
  case "$1" in
${values.join('\n')}
    *) return 1 ;;
  esac
}
_keymeter_path() {
  local path='' word next
  for word in "$@"; do
    next="$path\${path:+ }$word"
    [ -n "$(_keymeter_words "$next")" ] && path="$next"
  done
  printf '%s' "$path"
}
`;
}

function bashScript(places: readonly Place[]): string {
  return `# bash completion for keymeter
${bashBody(places)}_keymeter() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path words
  path="$(_keymeter_path "\${COMP_WORDS[@]:1:COMP_CWORD-1}")"
  if words="$(_keymeter_values "$path $previous")"; then
    if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$current"))
    else COMPREPLY=($(compgen -f -- "$current")); fi
    return
  fi
  COMPREPLY=($(compgen -W "$(_keymeter_words "$path")" -- "$current"))
  [ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _keymeter keymeter
`;
}

function zshScript(places: readonly Place[]): string {
  return `#compdef keymeter
${bashBody(places)}_keymeter() {
  local path_words found
  path_words="$(_keymeter_path "\${words[@]:1:$((CURRENT-2))}")"
  if found="$(_keymeter_values "$path_words \${words[CURRENT-1]}")"; then
    if [ -n "$found" ]; then compadd -- \${=found}; else _files; fi
    return
  fi
  compadd -- \${=$(_keymeter_words "$path_words")} || _files
}
compdef _keymeter keymeter
`;
}

function fishScript(places: readonly Place[]): string {
  const paths = new Set(places.map((place) => place.path));
  const lines = places.flatMap(({ path, words, values }) => {
    const seen = path === '' ? [] : path.split(' ');
    const below = [...paths]
      .filter((other) => other !== path && other.startsWith(path === '' ? '' : `${path} `))
      .map((other) => other.split(' ')[seen.length]!);
    const condition = [
      ...seen.map((word) => `__fish_seen_subcommand_from ${word}`),
      ...(below.length > 0
        ? [`not __fish_seen_subcommand_from ${[...new Set(below)].join(' ')}`]
        : []),
    ].join('; and ');
    const when = condition ? ` -n '${condition}'` : '';
    const plain = words.filter((word) => !word.startsWith('--'));
    return [
      ...(plain.length > 0 ? [`complete -c keymeter -f${when} -a '${plain.join(' ')}'`] : []),
      ...words
        .filter((word) => word.startsWith('--'))
        .map((flag) => {
          const choices = values[flag];
          const takes =
            choices === undefined
              ? ''
              : choices.length > 0
                ? ` -x -a '${choices.join(' ')}'`
                : ' -r';
          return `complete -c keymeter${when} -l ${flag.slice(2)}${takes}`;
        }),
    ];
  });
  return `# fish completion for keymeter\n${lines.join('\n')}\n`;
}
