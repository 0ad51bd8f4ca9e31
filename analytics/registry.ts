import type { Analysis } from './analysis.ts';
import { topicModules, type LoadModule } from './topic-modules.ts';

let loaded: Promise<ReadonlyMap<string, Analysis>> | undefined;

/**
 * All analyses by name. An analysis is a module in a folder of its topic whose default export bears the
 * module's name; its SQL stands beside it. Adding one touches nothing else.
 */
export function analyses(): Promise<ReadonlyMap<string, Analysis>> {
  loaded ??= loadAll();
  return loaded;
}

/** The analysis of this name alone: the others need not be loaded for it. */
export async function analysis(name: string): Promise<Analysis | undefined> {
  const [entry] = [...topicModules()].filter(([place]) => place.endsWith(`/${name}`));
  return entry && loadOne(...entry);
}

async function loadAll(): Promise<ReadonlyMap<string, Analysis>> {
  const modules = await Promise.all([...topicModules()].map((entry) => loadOne(...entry)));
  const found = modules.filter((one) => one !== undefined);
  found.sort((a, b) => (a.name < b.name ? -1 : 1));
  return new Map(found.map((one) => [one.name, one]));
}

async function loadOne(place: string, load: LoadModule): Promise<Analysis | undefined> {
  const { default: analysis } = await load();
  if (!analysis) return undefined;
  if (!place.endsWith(`/${analysis.name}`)) throw new Error(`${place} holds ${analysis.name}`);
  return analysis;
}
