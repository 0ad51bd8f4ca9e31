import { z } from 'zod';
import { readNames, type Name } from '../names.ts';
import { limit } from '../params.ts';
import { defineInvestigation } from './investigation.ts';

/** Every name that tables and pages show in place of an id. */
export default defineInvestigation({
  name: 'names',
  topic: 'investigation',
  title: 'Names',
  question: 'What are keys and accounts called?',
  audience: ['finops', 'capacity', 'security'],
  headline: ['id', 'label', 'source'],
  caveats: [
    'A name from the configuration comes before an alias in the log, which is the last one that the log shows.',
    'Aliases change: see alias-history for what an alias meant at another time.',
  ],
  sql: new URL('./alias-history.sql', import.meta.url),
  params: z.object({ limit: limit(100_000, 100_000) }),
  row: z.object({
    kind: z.enum(['key', 'account']).meta({ description: 'what is named' }),
    id: z.string().meta({ description: 'key ARN or account id' }),
    label: z.string().meta({ description: 'the name with the start of the id, as tables show it' }),
    source: z
      .enum(['configuration', 'log'])
      .meta({ description: 'configuration (also --names), or an alias in the log' }),
    tags: z
      .string()
      .nullable()
      .meta({ description: 'tags as JSON text; null when there are none' }),
  }),
  async run(_sql, params, context) {
    const names = await readNames(context);
    const { accounts, keys } = context.config.names;
    const configured = new Set([
      ...accounts.map((account) => account.account_id),
      ...keys.filter((key) => key.name ?? key.aliases[0]).map((key) => key.arn),
    ]);
    const row = (kind: 'key' | 'account', [id, { label, tags }]: [string, Name]) => ({
      kind,
      id,
      label,
      source: configured.has(id) ? ('configuration' as const) : ('log' as const),
      tags: tags.size === 0 ? null : JSON.stringify(Object.fromEntries([...tags].sort())),
    });
    const rows = [
      ...[...names.accounts].map((entry) => row('account', entry)),
      ...[...names.keys].map((entry) => row('key', entry)),
    ];
    rows.sort((a, b) => (a.kind + a.id < b.kind + b.id ? -1 : 1));
    return { rows: rows.slice(0, params.limit + 1) };
  },
});
