import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Analysis } from './analysis.ts';

const room = fileURLToPath(new URL('.', import.meta.url));
/** Modules are .js when built and .ts in tests: whatever this module is. */
const extension = path.extname(fileURLToPath(import.meta.url));

let loaded: Promise<ReadonlyMap<string, Analysis>> | undefined;

/**
 * All analyses by name. An analysis is a module in a folder of its topic whose default export bears the
 * module's name; its SQL stands beside it. Adding one touches nothing else.
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
      if (path.extname(file) !== extension) continue;
      const module: { default?: Analysis } = await import(
        pathToFileURL(path.join(folder, file)).href
      );
      // A module without a default export is a part that analyses beside it share.
      if (!module.default) continue;
      const { name } = module.default;
      if (name !== path.basename(file, extension)) throw new Error(`${file} holds ${name}`);
      found.set(name, module.default);
    }
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
