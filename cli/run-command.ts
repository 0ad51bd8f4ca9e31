import { Command, Option } from 'commander';
import type { Analysis, AnalysisContext } from '../analytics/analysis.ts';
import { readNames } from '../analytics/names.ts';
import { analyses, analysis } from '../analytics/registry.ts';
import { exitCodes, KeymeterError } from '../core/errors.ts';
import { withDeadline } from '../api/deadline.ts';
import { commandFlags } from '../core/command-line.ts';
import { openFlagged, withEngineFlags, type EngineFlags } from './engine-flag.ts';
import { loadConfig, withConfigFlags, type ConfigFlags } from './load-config.ts';
import { wantsColour } from './colour.ts';
import { showElapsed } from './elapsed.ts';
import { columnsOf, formats, outputWidth, rendered, type Format } from './output.ts';
import type { TableColumn, TableOptions } from './result-table.ts';
import { analysisFlags, rawParams } from './param-flags.ts';
import { nearest } from './nearest.ts';
import { durationFlag } from './watch-flags.ts';

export interface QueryFlags extends ConfigFlags, EngineFlags {
  format: Format;
  out?: string;
  wide?: boolean;
  columns?: string;
  deadline?: string;
}

export function withQueryFlags(command: Command): Command {
  return withConfigFlags(withEngineFlags(command))
    .addOption(new Option('--format <format>').choices(formats).default('table'))
    .option('--out <file>', 'write there instead of stdout (needed for parquet)')
    .option('--wide', 'a table of all columns, one block a row when they do not fit')
    .option('--columns <names>', 'only these columns, comma-separated');
}

/**
 * `keymeter run <analysis>`: one subcommand an analysis, its flags from its Params. Of the analysis that
 * is named, it is the only one.
 */
export async function runCommand(name?: string): Promise<Command> {
  const run = new Command('run')
    .showHelpAfterError('(keymeter run --help lists the analyses)')
    .addHelpText(
      'after',
      `
Examples:
  keymeter run quota-utilisation
  keymeter run key-usage --from 7d --format csv --out keys.csv
  keymeter run call-rates --help`,
    );
  const named = name === undefined ? undefined : await analysis(name);
  const all = named ? new Map([[named.name, named]]) : await analyses();
  for (const one of all.values()) run.addCommand(analysisCommand(one));
  run.on('command:*', ([name]: string[]) => {
    const close = nearest(name ?? '', [...all.keys()]);
    throw new KeymeterError('unknown_analysis', `there is no analysis ${name}`, {
      fix: close ? `did you mean ${close}?` : 'keymeter run --help lists the analyses',
      exitCode: exitCodes.usage,
    });
  });
  return run;
}

/** `keymeter coverage`: the one analysis that stands among the commands too. */
export async function coverageCommand(): Promise<Command> {
  const coverage = await analysis('coverage');
  if (!coverage) throw new Error('there is no analysis of the coverage');
  const command = analysisCommand(coverage, 'coverage');
  command.option(
    '--unread',
    'list the objects that look like logs and were not read, with the reason',
  );
  return command.action(async (flags: QueryFlags & { unread?: boolean; limit?: string }) => {
    if (!flags.unread) return runAnalysis(coverage, flags, rawParams(coverage, command));
    const unread = await analysis('unread-objects');
    if (!unread) throw new Error('there is no analysis of unread objects');
    return runAnalysis(unread, flags, flags.limit === undefined ? {} : { limit: flags.limit });
  });
}

/** The command of one analysis: its flags from its Params. */
function analysisCommand(analysis: Analysis, words = `run ${analysis.name}`): Command {
  const command = new Command(analysis.name).description(analysis.question);
  withQueryFlags(command);
  command.option('--deadline <duration>', 'give up after this long, such as 90s or 10m');
  for (const option of analysisFlags(analysis)) command.addOption(option);
  command.addHelpText('after', helpText(analysis, words));
  return command.action(async (_: unknown, self: Command) => {
    const flags = self.opts<QueryFlags>();
    await runAnalysis(analysis, flags, rawParams(analysis, self));
  });
}

function helpText(analysis: Analysis, words: string): string {
  const caveats = analysis.caveats.map((caveat) => `  - ${caveat}`).join('\n');
  return `\nExample:\n  keymeter ${words}${exampleFlags(analysis)}\n\nRead with care:\n${caveats}`;
}

/** The flags of an analysis' example, such as ` --key alias/payments`. */
export function exampleFlags(analysis: Analysis): string {
  return commandFlags(analysis.example);
}

async function runAnalysis(
  analysis: Analysis,
  flags: QueryFlags,
  params: Record<string, unknown>,
): Promise<void> {
  const config = await loadConfig(flags);
  const engine = await openFlagged(flags);
  try {
    const context = { engine, config };
    const picked = pickedColumns(analysis, flags.columns);
    const result = await answered(analysis, params, context, flags.deadline);
    const isTable = flags.format === 'table';
    const names = isTable ? await readNames(context) : undefined;
    await write(result, flags, columnsOf(analysis), {
      width: flags.out ? Math.max(outputWidth(), 160) : outputWidth(),
      wide: flags.wide ?? false,
      columns: picked,
      colour: flags.out === undefined && wantsColour(),
      labelOf: (text) => names?.labelOf(text) ?? null,
    });
  } finally {
    engine.close();
  }
}

/** The result within `--deadline`; without one it may take as long as it does. */
function answered(
  analysis: Analysis,
  params: Record<string, unknown>,
  context: AnalysisContext,
  deadline: string | undefined,
): ReturnType<Analysis['execute']> {
  const within = (signal?: AbortSignal) => analysis.execute(params, { ...context, signal });
  const deadline_ms = deadline === undefined ? undefined : durationFlag('--deadline', deadline);
  return showElapsed(analysis.name, () =>
    deadline_ms === undefined ? within() : withDeadline(deadline_ms, undefined, within),
  );
}

/** The columns of `--columns a,b`; throws KeymeterError unknown_column with the nearest name. */
function pickedColumns(analysis: Analysis, text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const known = columnsOf(analysis).map((column) => column.name);
  const picked = text.split(',').map((name) => name.trim());
  for (const name of picked.filter((one) => !known.includes(one))) {
    const close = nearest(name, known);
    throw new KeymeterError('unknown_column', `${analysis.name} has no column ${name}`, {
      fix: close ? `did you mean ${close}?` : `its columns are ${known.join(', ')}`,
      exitCode: exitCodes.usage,
    });
  }
  return picked;
}

/** Writes a result to stdout or a file in the format asked for. */
export async function write(
  result: Awaited<ReturnType<Analysis['execute']>>,
  flags: Pick<QueryFlags, 'format' | 'out'>,
  columns: readonly TableColumn[],
  options: TableOptions,
): Promise<void> {
  if (flags.format === 'parquet') {
    if (!flags.out) {
      throw new KeymeterError('out_needed', 'Parquet is no text for a terminal', {
        fix: 'name a file with --out',
        exitCode: exitCodes.usage,
      });
    }
    const { writeParquet } = await import('../store/parquet.ts');
    const names = options.columns ?? columns.map((column) => column.name);
    await writeParquet(flags.out, names, result.rows);
    return;
  }
  const text = await rendered(result, flags.format, columns, options);
  if (flags.out) {
    const { writeFile } = await import('node:fs/promises');
    await writeFile(flags.out, text);
  } else process.stdout.write(text);
}
