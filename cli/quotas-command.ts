import { existsSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { paginateListServiceQuotas, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { Command } from 'commander';
import { z } from 'zod';
import { appliedQuotas, mergeOverrides } from '../analytics/capacity/applied-quotas.ts';
import { quotaValueAt } from '../analytics/capacity/quota-values.ts';
import { configSchema, defaultConfig, readConfig, type QuotaOverride } from '../core/config.ts';
import { exitCodes, KeymeterError, messageOf } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import { parseInstant } from '../core/time.ts';
import { quotasFile } from '../reference/quotas.ts';
import { textTable } from '../formats/text-table.ts';

/** What the command needs of its surroundings, so that tests can give it. */
export interface QuotasSurroundings {
  write(text: string): void;
  now(): Date;
  client(options: { region: string; profile?: string; endpoint?: string }): ServiceQuotasClient;
}

const standard: QuotasSurroundings = {
  write: (text) => void process.stdout.write(text),
  now: () => new Date(),
  client: (options) => new ServiceQuotasClient(options),
};

const configFile_default = 'keymeter.json';
/** KMS has about a hundred quotas; a list that goes on beyond this is none. */
const quotas_max = 10_000;

/** All quotas of KMS in the client's account and Region. Throws what the SDK throws. */
export async function pullQuotas(client: ServiceQuotasClient): Promise<unknown[]> {
  const quotas: unknown[] = [];
  for await (const page of paginateListServiceQuotas({ client }, { ServiceCode: 'kms' })) {
    quotas.push(...(page.Quotas ?? []));
    if (quotas.length > quotas_max) throw new Error(`more than ${quotas_max} quotas of KMS`);
  }
  return quotas;
}

/** `keymeter quotas`: applied request quotas into the configuration, and which value holds when. */
export function quotasCommand(surroundings: Partial<QuotasSurroundings> = {}): Command {
  const around = { ...standard, ...surroundings };
  const collect = (value: string, all: string[] = []) => [...all, value];
  const command = new Command('quotas');

  command
    .command('pull')
    .description('read applied quotas from Service Quotas into the configuration')
    .requiredOption('--region <region>', 'AWS Region; may be repeated', collect)
    .option('--config <file>', 'configuration to write', configFile_default)
    .option('--profile <name>', 'AWS profile')
    .option('--endpoint <url>', 'another endpoint of Service Quotas')
    .addHelpText(
      'after',
      '\nExample:\n  keymeter quotas pull --region eu-central-1 --region us-east-1 --config keymeter.json',
    )
    .action(
      async (flags: { region: string[]; config: string; profile?: string; endpoint?: string }) => {
        const fresh: QuotaOverride[] = [];
        const others: string[] = [];
        for (const region of flags.region) {
          const found = appliedQuotas(
            await pulled(around, region, flags),
            { region },
            {
              as_of: around.now().toISOString().slice(0, 10),
              source: 'Service Quotas (keymeter quotas pull)',
            },
          );
          fresh.push(...found.overrides);
          others.push(...found.others);
        }
        await store(flags.config, fresh, others, around);
      },
    );

  command
    .command('import <file...>')
    .description('read the JSON of `aws service-quotas list-service-quotas --service-code kms`')
    .option('--config <file>', 'configuration to write', configFile_default)
    .option('--account <id>', 'account, where the file does not name it')
    .option('--region <region>', 'Region, where the file does not name it')
    .addHelpText(
      'after',
      '\nExample:\n  keymeter quotas import quotas.json --account 111122223333 --region eu-central-1',
    )
    .action(
      async (files: string[], flags: { config: string; account?: string; region?: string }) => {
        const fresh: QuotaOverride[] = [];
        const others: string[] = [];
        for (const file of files) {
          const found = imported(file, flags, around.now());
          fresh.push(...found.overrides);
          others.push(...found.others);
        }
        await store(flags.config, fresh, others, around);
      },
    );

  command
    .command('show')
    .description('the value of each request quota for an account and Region')
    .requiredOption('--region <region>', 'AWS Region')
    .option('--account <id>', 'account')
    .option('--at <instant>', 'instant, default now')
    .option('--config <file>', 'configuration with applied values')
    .addHelpText('after', '\nExample:\n  keymeter quotas show --region eu-central-1')
    .action((flags: { region: string; account?: string; at?: string; config?: string }) => {
      const at = flags.at === undefined ? around.now() : parseInstant(flags.at, around.now());
      if (at === null) {
        throw new KeymeterError('bad_instant', `--at ${flags.at} is no instant`, {
          fix: 'write 2026-10-05, 2026-10-05T12:00:00Z or 7d',
          exitCode: exitCodes.usage,
        });
      }
      const config = shownConfig(flags.config);
      const sources = new Map<string, number>();
      const rows = quotasFile.quotas.map(({ id, code }) => {
        const overrides = config.quotaOverrides;
        const value = quotaValueAt(id, flags.account ?? null, flags.region, at, overrides);
        const { source } = value;
        if (source !== null && !sources.has(source)) sources.set(source, sources.size + 1);
        return {
          quota_id: id,
          code,
          calls_per_second: value.limit_per_second,
          basis: value.basis,
          since: value.value_from,
          uncertain: value.uncertain,
          source: source === null ? null : sources.get(source),
        };
      });
      const columns = Object.keys(rows[0] ?? {});
      const notes = [...sources].map(([source, number]) => `[${number}] ${printable(source)}\n`);
      around.write(`${textTable(columns, rows, 160)}\n${notes.join('')}`);
    });
  return command;
}

function shownConfig(file: string | undefined) {
  if (file !== undefined) return readConfig(file);
  return existsSync(configFile_default) ? readConfig(configFile_default) : defaultConfig;
}

async function pulled(
  around: QuotasSurroundings,
  region: string,
  flags: { profile?: string; endpoint?: string },
): Promise<unknown[]> {
  const client = around.client({
    region,
    ...(flags.profile === undefined ? {} : { profile: flags.profile }),
    ...(flags.endpoint === undefined ? {} : { endpoint: flags.endpoint }),
  });
  try {
    return await pullQuotas(client);
  } catch (error) {
    throw new KeymeterError(
      'quotas_unreadable',
      `Service Quotas in ${region} did not answer: ${messageOf(error)}`,
      {
        fix: 'allow servicequotas:ListServiceQuotas, or import the JSON of the AWS CLI with `keymeter quotas import`',
        cause: error,
      },
    );
  } finally {
    client.destroy();
  }
}

function imported(
  file: string,
  place: { account?: string; region?: string },
  now: Date,
): ReturnType<typeof appliedQuotas> {
  try {
    return appliedQuotas(
      JSON.parse(readFileSync(file, 'utf8')),
      { account_id: place.account, region: place.region },
      { as_of: now.toISOString().slice(0, 10), source: `imported from ${file}` },
    );
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new KeymeterError('quotas_invalid', `${file} is no list of quotas: ${detail}`, {
      fix: 'write it with `aws service-quotas list-service-quotas --service-code kms --output json`',
      exitCode: exitCodes.usage,
      cause: error,
    });
  }
}

/** Writes the values into the configuration; every other part of the file stays as it is. */
async function store(
  file: string,
  fresh: readonly QuotaOverride[],
  others: readonly string[],
  around: QuotasSurroundings,
): Promise<void> {
  const former = existsSync(file) ? readConfig(file) : configSchema.parse({});
  const raw = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>)
    : {};
  const quotaOverrides = mergeOverrides(former.quotaOverrides, fresh);
  // A reader never sees half a file.
  const part = `${file}.${process.pid}.part`;
  await writeFile(part, `${JSON.stringify({ ...raw, quotaOverrides }, null, 2)}\n`);
  await rename(part, file);
  const left = others.length === 0 ? '' : `; ${others.length} quotas of KMS are no request quotas`;
  around.write(`${printable(file)}: ${fresh.length} applied request quotas${left}\n`);
}
