import { readFileSync } from 'node:fs';

interface RelatedEventsFile {
  groups: { group: string; default: boolean; why: string; cost: string }[];
  events: { event_source: string; event_names: string[]; group: string }[];
}

/** Which events of other services are kept beside the KMS events; see related-events.json. */
export const relatedEventsFile: RelatedEventsFile = JSON.parse(
  readFileSync(new URL('./related-events.json', import.meta.url), 'utf8'),
);

export const relatedGroups: readonly string[] = relatedEventsFile.groups.map((g) => g.group);

export const defaultRelatedGroups: readonly string[] = relatedEventsFile.groups
  .filter((g) => g.default)
  .map((g) => g.group);

/** Event names to keep, by event source, for these groups. */
export function relatedEventNames(
  groups: readonly string[] = defaultRelatedGroups,
): ReadonlyMap<string, ReadonlySet<string>> {
  const names = new Map<string, Set<string>>();
  for (const entry of relatedEventsFile.events) {
    if (!groups.includes(entry.group)) continue;
    const mine = names.get(entry.event_source) ?? new Set();
    for (const name of entry.event_names) mine.add(name);
    names.set(entry.event_source, mine);
  }
  return names;
}
