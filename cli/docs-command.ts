import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { analyses } from '../analytics/registry.ts';
import type { AnalysisContext } from '../analytics/analysis.ts';
import { readConfig } from '../core/config.ts';
import { ingest } from '../ingest/ingest.ts';
import { openSource } from '../ingest/sources/open-source.ts';
import { textTable } from '../formats/text-table.ts';
import { openDatabase } from '../store/database.ts';
import { engineOver } from '../store/open-engine.ts';
import { demoConfigFile, generateDemoTrail } from '../demo/generate.ts';
import { analysisPage, example_rows_max, indexPage } from './docs/analysis-page.ts';
import { sqlPage } from './docs/sql-page.ts';
import type { ExampleAnswer } from '../api/openapi-examples.ts';

/** Width of the examples' tables in the pages. */
const page_columns = 120;

/** `keymeter docs`: the pages that are made from the registry, with examples run on the demo trail. */
export function docsCommand(): Command {
  return new Command('docs')
    .option('--out <directory>', 'where the docs are', 'docs')
    .option('--examples <file>', 'where the examples of the API are', 'api/examples.json')
    .action(async (flags: { out: string; examples: string }) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'keymeter-docs-'));
      try {
        const trail = path.join(folder, 'trail');
        await generateDemoTrail(trail, { seed: 1 });
        const database = await openDatabase(path.join(folder, 'demo.duckdb'));
        const engine = engineOver(database);
        try {
          await ingest(database, [await openSource(trail, {})], {});
          const config = readConfig(path.join(trail, demoConfigFile));
          const count = await writePages(flags, { engine, config });
          process.stderr.write(`${count} pages written to ${flags.out}\n`);
        } finally {
          engine.close();
          database.close();
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
}

/** Writes all pages and removes those of analyses that are no more; gives their number. */
async function writePages(
  { out, examples }: { out: string; examples: string },
  context: AnalysisContext,
): Promise<number> {
  const answers: Record<string, ExampleAnswer> = {};
  const all = [...(await analyses()).values()];
  const folder = path.join(out, 'analyses');
  mkdirSync(folder, { recursive: true });
  for (const old of readdirSync(folder)) if (old.endsWith('.md')) rmSync(path.join(folder, old));
  for (const analysis of all) {
    const { rows, notes, truncated } = await analysis.execute(analysis.example, context);
    answers[analysis.name] = { rows: rows.slice(0, 1), notes, truncated };
    const shown = rows.slice(0, example_rows_max);
    const output =
      shown.length > 0
        ? textTable(Object.keys(analysis.row.shape), shown, page_columns)
        : 'no rows';
    writeFileSync(path.join(folder, `${analysis.name}.md`), analysisPage(analysis, output));
  }
  writeFileSync(examples, `${JSON.stringify(answers, null, 1)}\n`);
  writeFileSync(path.join(folder, 'README.md'), indexPage(all));
  writeFileSync(path.join(out, 'sql.md'), await sqlPage(context.engine));
  return all.length + 2;
}
