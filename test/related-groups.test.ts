import { expect, test } from 'vitest';
import { relatedGroupsOf } from '../ingest/rules/related-groups.ts';
import { defaultRelatedGroups } from '../reference/related-events.ts';

test('KEYMETER_RELATED chooses the groups of related events', () => {
  expect(relatedGroupsOf({})).toEqual(defaultRelatedGroups);
  expect(relatedGroupsOf({ KEYMETER_RELATED: 'none' })).toEqual([]);
  expect(relatedGroupsOf({ KEYMETER_RELATED: 'logging, identity' })).toEqual([
    'logging',
    'identity',
  ]);
  expect(() => relatedGroupsOf({ KEYMETER_RELATED: 'loging' })).toThrow('"loging"');
});
