import { Command, Option } from 'commander';
import { generateDemoTrail } from '../demo/generate.ts';
import { countFlag } from './ingest-flags.ts';

interface DemoFlags {
  seed?: string;
  days?: string;
  clean?: boolean;
  format: string;
}

export function demoCommand(): Command {
  return new Command('demo')
    .argument('[directory]', 'where to write it', 'demo-trail')
    .option('--seed <n>', 'the same seed gives the same bytes', '1')
    .option('--days <n>', 'length of the trail', '30')
    .option('--clean', 'only ordinary traffic, nothing planted')
    .addOption(new Option('--format <format>').choices(['table', 'json']).default('table'))
    .addHelpText('after', '\nExamples:\n  keymeter demo\n  keymeter demo ./quiet --clean --days 14')
    .action(async (directory: string, flags: DemoFlags) => {
      const truth = await writeDemo(directory, flags);
      const { totals } = truth;
      process.stdout.write(
        flags.format === 'json'
          ? `${JSON.stringify({ directory, totals })}\n`
          : `${totals.files} files with ${totals.records} records in ${directory}; what is planted: docs/demo-trail.md\n`,
      );
    });
}

export function writeDemo(directory: string, flags: Partial<DemoFlags> = {}) {
  const seed = countFlag('--seed', flags.seed);
  const days = countFlag('--days', flags.days);
  return generateDemoTrail(directory, {
    ...(seed ? { seed } : {}),
    ...(days ? { days } : {}),
    cleanOnly: flags.clean ?? false,
  });
}
