import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Analysis } from './analysis.ts';

const room = fileURLToPath(new URL('.', import.meta.url));
/** Modules are .js when built and .ts in tests: whatever this module is. */
const extension = path.extname(fileURLToPath(import.meta.url));

/** A module of a topic; one without a default export is a part that analyses beside it share. */
export type LoadModule = () => Promise<{ default?: Analysis }>;

/** How to load each module in the folders of the topics, by topic and file: `finops/key-cost`. */
export function topicModules(): Map<string, LoadModule> {
  const found = new Map<string, LoadModule>();
  for (const topic of readdirSync(room, { withFileTypes: true })) {
    if (!topic.isDirectory()) continue;
    for (const file of readdirSync(path.join(room, topic.name))) {
      if (path.extname(file) !== extension) continue;
      const { href } = pathToFileURL(path.join(room, topic.name, file));
      const name = `${topic.name}/${path.basename(file, extension)}`;
      found.set(name, () => import(href) as Promise<{ default?: Analysis }>);
    }
  }
  return found;
}
