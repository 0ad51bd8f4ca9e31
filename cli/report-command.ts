import { writeFile } from 'node:fs/promises';
import { Argument, Command, Option } from 'commander';
import { commandFlags } from '../core/command-line.ts';
import { exitCodes, KeymeterError } from '../core/errors.ts';
import { parseInstant } from '../core/time.ts';
import { filesOf, loadConfig, withConfigFlags, type ConfigFlags } from './load-config.ts';
import { reports } from '../reports/all-reports.ts';
import { csvNames, reportTableCsv, writeReportCsv } from '../reports/render-csv.ts';
import { reportMarkdown } from '../reports/render-markdown.ts';
import { reportText } from '../reports/render-text.ts';
import type { Report } from '../reports/report.ts';
import { openFlagged, withEngineFlags, type EngineFlags } from './engine-flag.ts';

export const reportFormats = ['text', 'markdown', 'html', 'json', 'csv'] as const;

interface ReportFlags extends ConfigFlags, EngineFlags {
  from?: string;
  to?: string;
  account?: string;
  region?: string;
  principal?: string;
  key?: string;
  format: (typeof reportFormats)[number];
  table?: string;
  out?: string;
}

/** Width of a text report when the output is no terminal. */
export const report_width_default = 160;

export function reportCommand(): Command {
  return withConfigFlags(withEngineFlags(new Command('report')))
    .addArgument(new Argument('[name]', 'which').choices(Object.keys(reports)).default('overview'))
    .option('--from <instant>', 'start of the range, inclusive (ISO, or 7d ago)')
    .option('--to <instant>', 'end of the range, exclusive')
    .option('--account <id>', 'only this caller account')
    .option('--region <region>', 'only this Region')
    .option('--principal <arn>', 'security: the principal in question')
    .option('--key <arn>', 'security: the key in question')
    .addOption(new Option('--format <format>').choices(reportFormats).default('text'))
    .option('--table <name>', 'csv: only this table')
    .option('--out <path>', 'write there instead of stdout; a directory for csv')
    .addHelpText(
      'after',
      `
Examples:
  keymeter report
  keymeter report finops --format html --out finops.html
  keymeter report capacity --from 30d --account 111122223333 --format markdown
  keymeter report security --principal arn:aws:iam::111122223333:user/ann --format json
  keymeter report finops --format csv --out finops-tables
  keymeter report finops --format csv --table cost-by-key`,
    )
    .action(async (name: string, flags: ReportFlags) => {
      checkFlags(name, flags);
      const engine = await openFlagged(flags);
      try {
        const config = await loadConfig(flags);
        const { principal, key } = flags;
        const report = await reports[name]!(
          { engine, config },
          { flags: commandFlags(filesOf(flags)), filters: filtersOf(flags), principal, key },
        );
        await writeReport(report, flags);
      } finally {
        engine.close();
      }
    });
}

function checkFlags(name: string, flags: ReportFlags): void {
  const usage = (code: string, message: string, fix: string) =>
    new KeymeterError(code, message, { fix, exitCode: exitCodes.usage });
  if (name !== 'security' && (flags.principal ?? flags.key) !== undefined) {
    throw usage(
      'bad_option',
      `report ${name} has no --principal and no --key`,
      'use them with `keymeter report security`, or use `keymeter run` for one analysis',
    );
  }
  if (flags.table !== undefined && flags.format !== 'csv') {
    throw usage('bad_option', '--table goes with --format csv', 'add --format csv');
  }
  for (const option of ['from', 'to'] as const) {
    const text = flags[option];
    if (text === undefined || parseInstant(text, new Date())) continue;
    throw usage(
      'bad_instant',
      `--${option} ${text} is no instant`,
      'write 2026-10-05, 2026-10-05T12:00:00Z, or a time ago such as 7d',
    );
  }
}

/** Relative instants are fixed once, so that all parts of a report and its commands mean the same. */
function filtersOf(flags: ReportFlags): Record<string, string> {
  const filters: Record<string, string> = {};
  const now = new Date();
  for (const name of ['from', 'to'] as const) {
    const instant = flags[name] === undefined ? null : parseInstant(flags[name], now);
    if (instant) filters[name] = `${instant.toISOString().slice(0, 19)}Z`;
  }
  for (const name of ['account', 'region'] as const) {
    if (flags[name] !== undefined) filters[name] = flags[name];
  }
  return filters;
}

async function writeReport(report: Report, flags: ReportFlags): Promise<void> {
  if (flags.format === 'csv' && flags.table === undefined) {
    if (flags.out === undefined) {
      throw new KeymeterError('out_needed', 'a report is more than one CSV table', {
        fix: `name a directory with --out, or one with --table: ${csvNames(report).join(', ')}`,
        exitCode: exitCodes.usage,
      });
    }
    const files = await writeReportCsv(report, flags.out);
    process.stderr.write(`${files.length} files written to ${flags.out}\n`);
    return;
  }
  const text = await reportAs(report, flags.format, flags.table);
  if (flags.out) await writeFile(flags.out, text);
  else process.stdout.write(text);
}

async function reportAs(
  report: Report,
  format: ReportFlags['format'],
  table?: string,
): Promise<string> {
  switch (format) {
    case 'text':
      return reportText(report, process.stdout.columns ?? report_width_default);
    case 'markdown':
      return reportMarkdown(report);
    case 'html':
      // Draws with a library that other formats need not load.
      return (await import('../reports/render-html.ts')).reportHtml(report);
    case 'json':
      return `${JSON.stringify(report)}\n`;
    case 'csv':
      return reportTableCsv(report, table!);
  }
}
