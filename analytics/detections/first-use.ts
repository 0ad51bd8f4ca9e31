import { z } from 'zod';
import { ownAccounts } from '../investigation/own-accounts.ts';
import { flag } from '../params.ts';
import { defineDetection, detectionParams } from './detection.ts';

export default defineDetection({
  name: 'first-use',
  id: 'KMS-08',
  title: 'First use',
  question:
    'Does a principal that is long known turn up in a new Region or at a new address, or a key with a new foreign account?',
  severity: 'low',
  techniques: [
    { id: 'T1078.004', name: 'Cloud Accounts' },
    { id: 'T1535', name: 'Unused/Unsupported Cloud Regions' },
  ],
  needs: { history_days: 7 },
  false_positives: ['new deployments, new office addresses, roles of many hosts'],
  caveats: [
    'New means new in the logs that were read. With fewer covered hours of the account before than known_days, a first use is listed as not judged.',
    'Roles that only AWS can assume (service-linked roles, aws:ec2-infrastructure) are left out.',
    'Only principals that kept to one address for two weeks are judged by address (sources_max, source_days): hosts that come and go make every address new.',
  ],
  sql: new URL('./first-use.sql', import.meta.url),
  params: z.object({
    ...detectionParams,
    known_days: z.coerce
      .number()
      .int()
      .min(0)
      .max(400)
      .default(7)
      .describe('days since the subject was first seen'),
    sources_max: z.coerce
      .number()
      .int()
      .min(0)
      .max(100000)
      .default(1)
      .describe('addresses a principal may have used so far'),
    source_days: z.coerce
      .number()
      .int()
      .min(0)
      .max(400)
      .default(14)
      .describe('days since the last of these addresses was new'),
    keys: flag.default(false).describe('also new keys of a known principal'),
  }),
  baselineHours: (params) => params.known_days * 24,
  bind: async (_, context) => ({ own: [...(await ownAccounts(context))] }),
  severityOf: (row) => (row['kind'] === 'key_account' ? 'high' : 'low'),
  finding: (row) => {
    const since = `known since ${row['subject_first_at']}`;
    switch (row['kind']) {
      case 'principal_region':
        return `${row['subject']} (${since}) first used Region ${row['object']}`;
      case 'principal_source':
        return `${row['subject']} (${since}) first called from ${row['object']}`;
      case 'principal_key':
        return `${row['subject']} (${since}) first used key ${row['object']}`;
      default:
        return `key ${row['subject']} (${since}) first used by foreign account ${row['object']}`;
    }
  },
});
