import type { Rederived } from '../ingest/rederive.ts';

/** What `keymeter rederive` did, for a person. */
export function rederivedText(result: Rederived): string {
  const { tuples, tuples_changed, tuples_without_facts, resources_changed, recounted } = result;
  const lines = [
    `Derived by version ${result.rules_version} of the rules (before: ${result.rules_version_before || 'not noted'}).`,
    `${tuples_changed} of ${tuples} distinct calls, callers, clients, keys and related actions changed; so did the resources of ${resources_changed} events.`,
  ];
  if (recounted)
    lines.push('Calls are charged otherwise: the calls of each second were counted again.');
  if (tuples_without_facts > 0) {
    lines.push(
      `${tuples_without_facts} were stored by a keymeter that kept no facts: they are unchanged. Ingest the trail into a new file with --db to derive them again.`,
    );
  }
  return `${lines.join('\n')}\n`;
}
