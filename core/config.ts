import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { alertsSchema } from './alert-config.ts';
import { decisionSchema } from './decisions.ts';
import { exitCodes, KeymeterError, messageOf } from './errors.ts';

/** An applied quota value that differs from the default of its Region. */
const quotaOverride = z.object({
  account_id: z.string().optional().describe('absent: every account'),
  region: z.string().optional().describe('absent: every Region'),
  quota_id: z.string(),
  value: z.number().positive().describe('requests per second'),
  as_of: z.string().optional().describe('ISO date on which the value was read'),
  source: z.string().optional().describe('where the value was read'),
});

const priceOverride = z.object({
  class_id: z.string(),
  region: z.string().optional(),
  usd_per_10k: z.number().nonnegative(),
});

/** A key as an inventory describes it; the fields of KMS KeyMetadata, and its rotations so far. */
export const keyInventoryEntry = z.object({
  arn: z.string().max(2048),
  manager: z.string().optional(),
  state: z.string().optional(),
  origin: z.string().optional(),
  key_spec: z.string().optional(),
  multi_region: z.string().optional(),
  custom_key_store_id: z.string().optional(),
  rotations: z.number().int().nonnegative().optional(),
});
export type KeyInventoryEntry = z.output<typeof keyInventoryEntry>;

/** KMS usage that was billed, by Region and usage type; summed from a bill's export. */
export const billingLine = z.object({
  region: z.string().nullable(),
  usage_type: z.string(),
  quantity: z.number(),
  cost_usd: z.number(),
  period_from: z.string(),
  period_to: z.string(),
});
export type BillingLine = z.output<typeof billingLine>;

const tags = z.record(z.string().max(128), z.string().max(256)).default({});

/** What people call an account. */
export const accountName = z.object({
  account_id: z.string().regex(/^\d{12}$/, 'an account id has twelve digits'),
  name: z.string().max(256).optional(),
  environment: z.string().max(256).optional(),
  team: z.string().max(256).optional(),
  tags,
});
export type AccountName = z.output<typeof accountName>;

/** What people call a key; `aliases` as KMS lists them, such as `alias/payments`. */
export const keyName = z.object({
  arn: z.string().max(2048),
  name: z.string().max(256).optional(),
  aliases: z.array(z.string().max(512)).default([]),
  tags,
});
export type KeyName = z.output<typeof keyName>;

/** Names of accounts and keys: see `keymeter names pull`. */
export const namesSchema = z.object({
  accounts: z.array(accountName).default([]),
  keys: z.array(keyName).default([]),
});

/** keymeter.json: what the log cannot tell. Every part is optional. */
export const configSchema = z.object({
  quotaOverrides: z.array(quotaOverride).default([]),
  priceOverrides: z.array(priceOverride).default([]),
  /** Keys that exist, used or not: see `keymeter keys pull`. */
  keyInventory: z.array(keyInventoryEntry).default([]),
  /** What was billed: see cost-reconciliation. */
  billing: z.array(billingLine).default([]),
  /** Accounts of the organisation; others are foreign. Empty: the accounts whose trails were read. */
  ownAccounts: z.array(z.string()).default([]),
  /** What people call accounts and keys; aliases are also read from the log. */
  names: namesSchema.prefault({}),
  /** Who is told of what, after each commit of a watching ingest: see docs/alerts.md. */
  alerts: alertsSchema.prefault({}),
  /** Groups of events of other services that ingest keeps; absent: all, []: none. */
  relatedEvents: z.array(z.string()).optional(),
  /** What was decided about findings; commands read them from a file of their own (decisions.ts). */
  decisions: z.array(decisionSchema).default([]),
});

export type Config = z.output<typeof configSchema>;
export type QuotaOverride = Config['quotaOverrides'][number];

export const defaultConfig: Config = configSchema.parse({});

/** Reads a config file; throws KeymeterError config_unreadable or config_invalid. */
export function readConfig(file: string): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new KeymeterError('config_unreadable', `cannot read ${file}: ${messageOf(error)}`, {
      fix: 'name an existing JSON file with --config',
      exitCode: exitCodes.usage,
      cause: error,
    });
  }
  try {
    return configSchema.parse(JSON.parse(text));
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new KeymeterError('config_invalid', `${file} is no valid configuration: ${detail}`, {
      fix: 'see docs/configuration.md for its form',
      exitCode: exitCodes.usage,
      cause: error,
    });
  }
}
