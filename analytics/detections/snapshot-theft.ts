import { z } from 'zod';
import { ownAccounts } from '../investigation/own-accounts.ts';
import type { Evidence } from './detection.ts';
import { plural } from '../../core/words.ts';
import { defineDetection, detectionParams } from './detection.ts';

/** Accounts (or `everyone`) that a ModifySnapshotAttribute request adds. */
function sharedWith(request: unknown): string[] {
  try {
    const parsed = JSON.parse(String(request)) as {
      createVolumePermission?: { add?: { items?: { userId?: unknown; group?: unknown }[] } };
    } | null;
    const items = parsed?.createVolumePermission?.add?.items;
    if (!Array.isArray(items)) return [];
    return items.flatMap((item) =>
      item.group === 'all' ? ['everyone'] : typeof item.userId === 'string' ? [item.userId] : [],
    );
  } catch {
    return [];
  }
}

export default defineDetection({
  name: 'snapshot-theft',
  id: 'KMS-13',
  title: 'Snapshot theft',
  question: 'Was a snapshot shared outside, or an own volume key used by a foreign account?',
  severity: 'high',
  techniques: [
    { id: 'T1537', name: 'Transfer Data to Cloud Account' },
    { id: 'T1578.001', name: 'Create Snapshot' },
  ],
  needs: { related: true },
  false_positives: [
    'snapshots shared with partners on purpose',
    'an account that belongs to you but is not configured as own',
  ],
  caveats: [
    'A shared encrypted snapshot is of use only with its key: look for grants and calls of the foreign account.',
  ],
  sql: new URL('./snapshot-theft.sql', import.meta.url),
  params: z.object({
    ...detectionParams,
  }),
  bind: async (_, context) => ({ own: [...(await ownAccounts(context))] }),
  async judge(rows, _, context) {
    const own = await ownAccounts(context);
    return (rows as Evidence[]).flatMap((row) => {
      if (row['kind'] !== 'share') return [row];
      const shared_with = sharedWith(row['request_parameters']).filter(
        (account) => !own.has(account),
      );
      return shared_with.length > 0 ? [{ ...row, shared_with }] : [];
    });
  },
  severityOf: (row) => (row['kind'] === 'use' ? 'critical' : 'high'),
  finding: (row) =>
    row['kind'] === 'use'
      ? `foreign account ${row.account_id} used the key of own volumes or snapshots ${plural(row.events, 'time')}`
      : `${row['resource_arn'] ?? 'a snapshot'} shared with ${(row['shared_with'] as string[]).join(', ')}`,
});
