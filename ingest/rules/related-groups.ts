import { exitCodes, KeymeterError } from '../../core/errors.ts';
import { defaultRelatedGroups, relatedGroups } from '../../reference/related-events.ts';

/**
 * Which groups of related events are kept (reference/related-events.json): those that KEYMETER_RELATED
 * names with commas between them, `none`, or by default those marked so. Throws KeymeterError
 * unknown_related_group for any other name: it may be misspelt.
 */
export function relatedGroupsOf(environment: NodeJS.ProcessEnv): readonly string[] {
  const wanted = environment['KEYMETER_RELATED'];
  if (!wanted) return defaultRelatedGroups;
  if (wanted === 'none') return [];
  const groups = wanted.split(',').map((group) => group.trim());
  const unknown = groups.find((group) => !relatedGroups.includes(group));
  if (unknown === undefined) return groups;
  throw new KeymeterError('unknown_related_group', `KEYMETER_RELATED names "${unknown}"`, {
    fix: `name some of ${relatedGroups.join(', ')}, or none`,
    exitCode: exitCodes.usage,
  });
}
