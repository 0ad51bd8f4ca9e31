import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Analysis } from './analysis.ts';

const room = fileURLToPath(new URL('.', import.meta.url));
/** Modules are .js when built and .ts in tests: whatever this module is. */
const extension = path.extname(fileURLToPath(import.meta.url));

let loaded: Promise<ReadonlyMap<string, Analysis>> | undefined;

/**
 * All analyses by name. An analysis is a .sql file with a module of the same name beside it, in a
 * folder of its topic: adding one touches nothing else.
 */
export function analyses(): Promise<ReadonlyMap<string, Analysis>> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<ReadonlyMap<string, Analysis>> {
  const found = new Map<string, Analysis>();
  for (const topic of readdirSync(room, { withFileTypes: true })) {
    if (!topic.isDirectory()) continue;
    const folder = path.join(room, topic.name);
    for (const file of readdirSync(folder).sort()) {
      if (!file.endsWith('.sql')) continue;
      const name = file.slice(0, -'.sql'.length);
      const module = path.join(folder, name + extension);
      // SQL without a module of its name is a part that a module beside it reads.
      if (!existsSync(module)) continue;
      const { default: analysis } = (await import(pathToFileURL(module).href)) as {
        default: Analysis;
      };
      if (analysis.name !== name) throw new Error(`${file} holds the analysis ${analysis.name}`);
      found.set(name, analysis);
    }
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
