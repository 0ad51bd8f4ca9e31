import { z } from 'zod';
import { plural } from '../../core/words.ts';
import { defineAnalysis, runSql, type AnalysisContext } from '../analysis.ts';
import { CoverageHours } from '../coverage-hours.ts';
import { filters, limit } from '../params.ts';
import { keyArnParts, keyCharge, keyCharges, keyKinds, type KeyEvidence } from './key-kinds.ts';

const day_ms = 86_400_000;
/** Share of the idle window that must be covered before a key is called idle. */
const coverage_share_min = 0.9;

const Row = z.object({
  key_arn: z.string().meta({ description: 'key ARN' }),
  key_account_id: z.string().meta({ description: 'account that owns the key' }),
  region: z.string().meta({ description: 'AWS Region' }),
  kind: z.enum(keyKinds).meta({
    description:
      'what the key is; foreign: another owner pays; unproven: only refused calls name it',
  }),
  kind_basis: z
    .enum(['inventory', 'events', 'assumed'])
    .meta({ description: 'where the kind comes from' }),
  state: z.string().meta({ description: 'key state; unknown without an inventory' }),
  charge_usd_monthly: z.number().nullable().meta({
    unit: 'USD',
    description: 'storage charge; 0 where the key may be AWS managed (kind_basis assumed)',
  }),
  charge_high_usd_monthly: z
    .number()
    .nullable()
    .meta({ unit: 'USD', description: 'storage charge if it is customer managed' }),
  rotation_surcharge_usd_monthly: z
    .number()
    .nullable()
    .meta({ unit: 'USD', description: 'surcharge of the first two rotations (those known)' }),
  rotations: z.number().meta({
    unit: 'rotations',
    description: 'rotations in the inventory, else seen in the log (a lower bound)',
  }),
  first_seen_at: z.string().nullable().meta({ unit: 'instant', description: 'first event' }),
  last_seen_at: z.string().nullable().meta({ unit: 'instant', description: 'last event' }),
  last_use_at: z
    .string()
    .nullable()
    .meta({ unit: 'instant', description: 'last successful cryptographic call' }),
  uses: z.number().meta({ unit: 'calls', description: 'successful cryptographic calls' }),
  uses_first_half: z.number().meta({ unit: 'calls', description: 'of these in the first half' }),
  uses_second_half: z.number().meta({ unit: 'calls', description: 'of these in the second half' }),
  idle_state: z.enum(['in_use', 'new', 'idle_candidate', 'coverage_missing', 'not_own']).meta({
    description:
      'idle_candidate: no use in the idle window, nine tenths of which are covered; new: created in it; not_own: another owner’s, or unproven',
  }),
  covered_hours_idle_window: z
    .number()
    .meta({ unit: 'h', description: 'covered hours of the idle window in the key’s Region' }),
  users_count: z.number().meta({ description: 'principals and services that used it' }),
  users: z.string().meta({ description: 'who would break: the busiest, with their calls' }),
});
export type KeyCostRow = z.output<typeof Row>;

const Params = z.object({
  ...filters,
  account: z.string().max(64).optional().describe('account that owns the key'),
  idle_days: z.coerce
    .number()
    .int()
    .min(1)
    .max(730)
    .default(28)
    .describe('idle window, days; whole weeks keep weekdays even'),
  limit: limit(1_000, 50_000),
});

/** A row of key-cost.sql. */
interface Counted {
  key_arn: string;
  custom_key_store_id: string | null;
  uses: number;
  uses_first_half: number;
  uses_second_half: number;
  uses_recent: number;
  first_seen_at: string | null;
  last_seen_at: string | null;
  last_use_at: string | null;
  aws_alias_refs: number;
  imports: number;
  rotations: number;
  rotations_on_demand: number;
  replications: number;
  accepted: number;
  customer_events: number;
  created_at: string | null;
  deletion_scheduled_at: string | null;
  deletion_cancelled_at: string | null;
  users_count: number;
  users: string[] | null;
}

/** A key of the inventory that no event names. */
const unseen: Omit<Counted, 'key_arn'> = {
  custom_key_store_id: null,
  uses: 0,
  uses_first_half: 0,
  uses_second_half: 0,
  uses_recent: 0,
  first_seen_at: null,
  last_seen_at: null,
  last_use_at: null,
  aws_alias_refs: 0,
  imports: 0,
  rotations: 0,
  rotations_on_demand: 0,
  replications: 0,
  accepted: 0,
  customer_events: 0,
  created_at: null,
  deletion_scheduled_at: null,
  deletion_cancelled_at: null,
  users_count: 0,
  users: null,
};

export default defineAnalysis({
  name: 'key-cost',
  topic: 'finops',
  title: 'Key cost',
  question: 'What do the keys themselves cost, and which are idle?',
  audience: ['finops', 'security'],
  headline: [
    'key_arn',
    'kind',
    'state',
    'charge_usd_monthly',
    'uses',
    'last_use_at',
    'idle_state',
    'users_count',
  ],
  caveats: [
    'Caches, bucket keys and keys that services use on their own hide use: an idle candidate is a question to its owner, never a proof.',
    'Without an inventory a key that made no event is not in the list, and a customer key is assumed where nothing says otherwise.',
    'Before May 2024 every rotation was billed; today the first two.',
    'Deleting a key destroys what it encrypted; disable it first and watch for denied calls.',
  ],
  sql: new URL('./key-cost.sql', import.meta.url),
  params: Params,
  row: Row,
  run: async (sql, params, context) => {
    const range = await dataRange(context);
    const to = params.to ?? new Date(range.to + 1_000);
    const from = params.from ?? new Date(range.from);
    const idle_from = new Date(to.getTime() - params.idle_days * day_ms);
    const middle = new Date((from.getTime() + to.getTime()) / 2);
    const { limit: _, ...bound } = params;
    const counted = (await runSql(
      sql,
      { ...bound, middle, idle_from },
      context,
    )) as unknown as Counted[];
    const coverage = await CoverageHours.read(context, { from: idle_from, to });
    const own = await ownAccounts(context);
    const inventory = new Map(context.config.keyInventory.map((entry) => [entry.arn, entry]));
    const seen = new Set(counted.map((key) => key.key_arn));
    for (const key_arn of inventory.keys()) {
      const { account, region } = keyArnParts(key_arn);
      if (params.account && account !== params.account) continue;
      if (params.region && region !== params.region) continue;
      if (!seen.has(key_arn)) counted.push({ ...unseen, key_arn });
    }
    const rows = counted.map((key): KeyCostRow => {
      const { account, region } = keyArnParts(key.key_arn);
      const isOwn = own.size === 0 || own.has(account);
      const charge = keyCharge(evidenceOf(key), inventory.get(key.key_arn), isOwn);
      const covered = coverage.hours([account], region);
      return {
        key_arn: key.key_arn,
        key_account_id: account,
        region,
        ...charge,
        first_seen_at: key.first_seen_at,
        last_seen_at: key.last_seen_at,
        last_use_at: key.last_use_at,
        uses: key.uses,
        uses_first_half: key.uses_first_half,
        uses_second_half: key.uses_second_half,
        idle_state:
          charge.charge_usd_monthly === null
            ? 'not_own'
            : idleState(key, covered, idle_from, params.idle_days),
        covered_hours_idle_window: covered,
        users_count: key.users_count,
        users: usersText(key),
      };
    });
    rows.sort(
      (a, b) => costOf(b) - costOf(a) || a.uses - b.uses || (a.key_arn < b.key_arn ? -1 : 1),
    );
    return { rows, notes: notesOf(rows, context) };
  },
});

const costOf = (row: KeyCostRow) => keyCharges(row).high;

async function dataRange(context: AnalysisContext): Promise<{ from: number; to: number }> {
  const [row] = await context.engine.rows(
    `SELECT min(record_time_min) AS time_from, max(record_time_max) AS time_to FROM ingest_objects`,
    {},
    context,
  );
  const at = (value: unknown) => (typeof value === 'string' ? Date.parse(value) : 0);
  return { from: at(row?.['time_from']), to: at(row?.['time_to']) };
}

/** Accounts of the configuration, else those whose trails were read; empty when neither is known. */
async function ownAccounts(context: AnalysisContext): Promise<ReadonlySet<string>> {
  if (context.config.ownAccounts.length > 0) return new Set(context.config.ownAccounts);
  const rows = await context.engine.rows(
    'SELECT DISTINCT account_id FROM kms_events WHERE account_id IS NOT NULL',
    {},
    context,
  );
  return new Set([
    ...rows.map((row) => String(row['account_id'])),
    ...context.config.keyInventory.map((entry) => keyArnParts(entry.arn).account),
  ]);
}

function evidenceOf(key: Counted): KeyEvidence {
  return {
    key_arn: key.key_arn,
    custom_key_store_id: key.custom_key_store_id,
    aws_alias_refs: key.aws_alias_refs,
    imports: key.imports,
    replications: key.replications,
    accepted: key.accepted,
    customer_events: key.customer_events,
    // A rotation on demand is a call and, done, a service event: one of the two may be missing.
    rotations: Math.max(key.rotations, key.rotations_on_demand),
    deletion_pending: (key.deletion_scheduled_at ?? '') > (key.deletion_cancelled_at ?? ''),
  };
}

function usersText(key: Counted): string {
  const shown = key.users ?? [];
  const more = key.users_count - shown.length;
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

function idleState(key: Counted, covered: number, idle_from: Date, idle_days: number) {
  if (key.uses_recent > 0) return 'in_use';
  if (key.created_at !== null && Date.parse(key.created_at) >= idle_from.getTime()) return 'new';
  return covered >= coverage_share_min * idle_days * 24 ? 'idle_candidate' : 'coverage_missing';
}

function notesOf(rows: readonly KeyCostRow[], context: AnalysisContext): string[] {
  const low = rows.reduce((sum, row) => sum + keyCharges(row).low, 0);
  const high = rows.reduce((sum, row) => sum + keyCharges(row).high, 0);
  const range = low === high ? `$${low.toFixed(2)}` : `$${low.toFixed(2)} to $${high.toFixed(2)}`;
  const notes = [`${plural(rows.length, 'key')} in all: ${range} a month.`];
  if (low !== high) {
    notes.push(
      'Some keys may be AWS managed, which are free: nothing in the log tells. `keymeter keys pull` loads an inventory that does.',
    );
  }
  if (context.config.keyInventory.length === 0) {
    notes.push(
      'No inventory is loaded: only keys with events are listed. See `keymeter keys pull`.',
    );
  }
  if (rows.some((row) => row.idle_state === 'coverage_missing')) {
    notes.push('Where the idle window is not covered, no key is called idle.');
  }
  return notes;
}
