import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import bucketRewriteCurve, { batchManifest } from '../analytics/finops/bucket-rewrite-curve.ts';
import { openFlagged, withEngineFlags, type EngineFlags } from './engine-flag.ts';
import { loadConfig, withConfigFlags, type ConfigFlags } from './load-config.ts';
import { analysisFlags, rawParams } from './param-flags.ts';

/**
 * `keymeter manifest --bucket B --out FILE`: the objects whose rewrite under a bucket key pays, hottest
 * first, as an S3 Batch Operations manifest.
 */
export function manifestCommand(): Command {
  const command = withEngineFlags(new Command('manifest')).requiredOption(
    '--out <file>',
    'CSV file to write',
  );
  withConfigFlags(command);
  for (const option of analysisFlags(bucketRewriteCurve)) command.addOption(option);
  return command
    .addHelpText(
      'after',
      '\nExample:\n  keymeter manifest --bucket my-bucket --out manifest.csv\n\nThe numbers behind it: keymeter run bucket-rewrite-curve --bucket my-bucket',
    )
    .action(async (_: unknown, self: Command) => {
      const flags = self.opts<ConfigFlags & EngineFlags & { out: string }>();
      const config = await loadConfig(flags);
      const engine = await openFlagged(flags);
      let lines = 0;
      const counted = async function* () {
        for await (const line of batchManifest(rawParams(bucketRewriteCurve, self), {
          engine,
          config,
        })) {
          lines++;
          yield line;
        }
      };
      try {
        await pipeline(Readable.from(counted()), createWriteStream(flags.out));
        process.stderr.write(`${lines} objects written to ${flags.out}\n`);
      } finally {
        engine.close();
      }
    });
}
