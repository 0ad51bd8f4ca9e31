import { exitCodes, KeymeterError } from '../../core/errors.ts';
import { defaultRelatedGroups, relatedGroups } from '../../reference/related-events.ts';

/**
 * Which groups of related events are kept (reference/related-events.json): `named` (a flag, or the
 * configuration; an empty list or `none` keeps none), else those that KEYMETER_RELATED names with
 * commas between them, else those marked as default. Throws KeymeterError unknown_related_group for any
 * other name: it may be misspelt.
 */
export function relatedGroupsOf(
  environment: NodeJS.ProcessEnv,
  named?: readonly string[],
): readonly string[] {
  const text = environment['KEYMETER_RELATED'];
  const wanted = named ?? (text ? text.split(',').map((group) => group.trim()) : undefined);
  if (wanted === undefined) return defaultRelatedGroups;
  if (wanted.length === 1 && wanted[0] === 'none') return [];
  const unknown = wanted.find((group) => !relatedGroups.includes(group));
  if (unknown === undefined) return wanted;
  const place = named ? '--related or relatedEvents' : 'KEYMETER_RELATED';
  throw new KeymeterError('unknown_related_group', `${place} names "${unknown}"`, {
    fix: `name some of ${relatedGroups.join(', ')}, or none alone`,
    exitCode: exitCodes.usage,
  });
}
