import { z } from 'zod';
import { readAliasIntervals } from '../investigation/alias-intervals.ts';
import type { Evidence } from './detection.ts';
import { coverage_hours_min } from '../coverage-hours.ts';
import { defineDetection, detectionParams } from './detection.ts';

export default defineDetection({
  name: 'replication-and-redirection',
  id: 'KMS-11',
  title: 'Replication and redirection',
  question:
    'Was a key copied to an unused Region, an alias moved to another key, or rotation turned off?',
  severity: 'medium',
  techniques: [
    { id: 'T1535', name: 'Unused/Unsupported Cloud Regions' },
    { id: 'T1565', name: 'Data Manipulation' },
    { id: 'T1562', name: 'Impair Defenses' },
  ],
  false_positives: ['expansion into a new Region', 'manual key rotation by moving an alias'],
  caveats: [
    'A Region is unused when the account made no KMS call there before, as far as the log shows.',
  ],
  sql: new URL('./replication-and-redirection.sql', import.meta.url),
  params: z.object({
    ...detectionParams,
  }),
  async judge(rows, _, context) {
    const moves = rows.some((row) => row['operation'] === 'UpdateAlias');
    const intervals = moves ? await readAliasIntervals(context) : [];
    return (rows as Evidence[]).map((row) => {
      if (row['operation'] !== 'UpdateAlias') return row;
      const id = row.evidence[0]!;
      return {
        ...row,
        before: intervals.find((interval) => interval.end_event_id === id)?.key_arn ?? null,
        after: intervals.find((interval) => interval.set_event_id === id)?.key_arn ?? null,
      };
    });
  },
  baselineHours: () => coverage_hours_min,
  comparesWithPast: (row) =>
    !['DisableKeyRotation', 'UpdateAlias'].includes(String(row['operation'])),
  severityOf: (row) =>
    row['operation'] === 'DisableKeyRotation'
      ? 'low'
      : row['operation'] === 'UpdateAlias'
        ? 'medium'
        : 'high',
  finding: (row) => {
    switch (row['operation']) {
      case 'DisableKeyRotation':
        return 'automatic rotation turned off';
      case 'UpdateAlias':
        return `${row['alias'] ?? 'an alias'} moved from ${row['before'] ?? 'a key that is not in the log'} to ${row['after'] ?? 'a key that is not in the record'}`;
      default:
        // A Region in use is no news.
        return Number(row['calls_there_before']) > 0
          ? null
          : `${row['operation']} to ${row['other_region'] ?? '(not in the record)'}, where the account made no KMS call before`;
    }
  },
});
