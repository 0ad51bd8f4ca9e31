import { Argument, Command, Option } from 'commander';
import { writeFile } from 'node:fs/promises';
import { defaultConfig, readConfig } from '../core/config.ts';
import { overviewReport } from '../reports/overview.ts';
import { reportText } from '../reports/render-text.ts';
import { openDatabase } from '../store/database.ts';
import { DuckDbEngine } from '../store/engine.ts';

interface ReportFlags {
  db: string;
  config?: string;
  format: 'text' | 'json';
  out?: string;
}

/** Width of a text report when the output is no terminal. */
export const report_width_default = 160;

export function reportCommand(): Command {
  return new Command('report')
    .description('write a report')
    .addArgument(new Argument('[name]', 'which').choices(['overview']).default('overview'))
    .option('--db <file>', 'database file', 'keymeter.duckdb')
    .option('--config <file>', 'applied quotas, prices, own accounts (docs/configuration.md)')
    .addOption(new Option('--format <format>').choices(['text', 'json']).default('text'))
    .option('--out <file>', 'write there instead of stdout')
    .action(async (_name: string, flags: ReportFlags) => {
      const database = await openDatabase(flags.db, { readOnly: true });
      const engine = new DuckDbEngine(database);
      try {
        const config = flags.config ? readConfig(flags.config) : defaultConfig;
        const report = await overviewReport({ engine, config }, ` --db ${flags.db}`);
        const text =
          flags.format === 'json'
            ? `${JSON.stringify(report)}\n`
            : reportText(report, process.stdout.columns ?? report_width_default);
        if (flags.out) await writeFile(flags.out, text);
        else process.stdout.write(text);
      } finally {
        engine.close();
        database.close();
      }
    });
}
