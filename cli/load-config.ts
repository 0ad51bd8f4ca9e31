import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import { readBilling } from '../analytics/finops/billing-export.ts';
import { joinedNames, readNamesFile } from '../analytics/names-file.ts';
import { readKeyInventory } from '../analytics/finops/key-inventory.ts';
import { configSchema, defaultConfig, readConfig, type Config } from '../core/config.ts';
import { decisionsFile, readDecisions } from '../core/decisions.ts';
import { exitCodes, KeymeterError, messageOf } from '../core/errors.ts';

/** What the log cannot tell, from files: one configuration, and what comes from other tools. */
export interface ConfigFlags {
  config?: string;
  prices?: string;
  inventory?: string;
  billing?: string;
  names?: string;
}

/** Options of every command that computes answers. */
export function withConfigFlags(command: Command): Command {
  return command
    .option('--config <file>', 'applied quotas, prices, own accounts (docs/configuration.md)')
    .option(
      '--prices <file>',
      'request prices that differ from the list: [{class_id, region, usd_per_10k}]',
    )
    .option('--inventory <file>', 'keys that exist: `keymeter keys pull` or `aws kms describe-key`')
    .option('--billing <file>', 'Cost and Usage Report or FOCUS export, CSV or Parquet')
    .option(
      '--names <file>',
      'names of accounts and keys: `keymeter names pull`, or CSV of accounts',
    );
}

/** The files that answers rest on, by their flag, for commands that give the same answers. */
export function filesOf(
  flags: ConfigFlags & { db?: string; engine?: string },
  config = flags.config,
): Record<string, string> {
  const { engine, prices, inventory, billing, names } = flags;
  const db = engine === undefined ? flags.db : undefined;
  const all = { db, engine, config, prices, inventory, billing, names };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** The configuration with what the other files add to it; `fallback` is read when none is named. */
export async function loadConfig(
  flags: ConfigFlags & { db?: string },
  fallback?: string,
): Promise<Config> {
  const file = flags.config ?? fallback;
  const decisions = readDecisions(decisionsFile(file, flags.db));
  const config = file ? readConfig(file) : defaultConfig;
  return {
    ...config,
    decisions: [...config.decisions, ...decisions],
    priceOverrides: flags.prices
      ? [...readPrices(flags.prices), ...config.priceOverrides]
      : config.priceOverrides,
    keyInventory: flags.inventory
      ? [...config.keyInventory, ...readKeyInventory(flags.inventory)]
      : config.keyInventory,
    billing: flags.billing
      ? [...config.billing, ...(await readBilling(flags.billing))]
      : config.billing,
    names: flags.names ? joinedNames(config.names, readNamesFile(flags.names)) : config.names,
  };
}

function readPrices(file: string): Config['priceOverrides'] {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const priceOverrides = Array.isArray(value)
      ? (value as unknown[])
      : (value as { priceOverrides?: unknown }).priceOverrides;
    if (priceOverrides === undefined) throw new Error('it holds no list of prices');
    return configSchema.parse({ priceOverrides }).priceOverrides;
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new KeymeterError('prices_invalid', `${file} is no price list: ${detail}`, {
      fix: 'write [{"class_id": "symmetric", "region": "eu-central-1", "usd_per_10k": 0.03}]',
      exitCode: exitCodes.usage,
      cause: error,
    });
  }
}
