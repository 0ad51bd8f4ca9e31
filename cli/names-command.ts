import { writeFile } from 'node:fs/promises';
import { KMSClient, ListResourceTagsCommand, paginateListAliases } from '@aws-sdk/client-kms';
import {
  ListTagsForResourceCommand,
  OrganizationsClient,
  paginateListAccounts,
} from '@aws-sdk/client-organizations';
import { Command } from 'commander';
import pLimit from 'p-limit';
import type { AccountName, Config, KeyName } from '../core/config.ts';
import { KeymeterError, messageOf } from '../core/errors.ts';

/** ListResourceTags and ListTagsForResource allow tens of calls a second; this stays far below. */
const calls_at_once = 4;
const entries_max = 100_000;

/** What the command touches outside; tests pass their own. */
export interface NamesCommandEnvironment {
  stdout: (text: string) => void;
  stderr: (text: string) => void;
}

interface PullOptions {
  region?: string[];
  out?: string;
  endpoint?: string;
  accounts: boolean;
  keys: boolean;
  tags: boolean;
}

/** `keymeter names pull`: the names that answers show in place of ids, as JSON for --names. */
export function namesCommand(
  environment: NamesCommandEnvironment = {
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
  },
): Command {
  const names = new Command('names');
  names
    .command('pull')
    .description(
      'read names of accounts (organizations:ListAccounts) and aliases of keys (kms:ListAliases)',
    )
    .option('--region <region...>', 'Regions whose keys to name; default: the configured one')
    .option('--out <file>', 'write there instead of the standard output')
    .option('--endpoint <url>', 'another endpoint, such as a VPC endpoint')
    .option('--no-accounts', 'leave out accounts')
    .option('--no-keys', 'leave out keys')
    .option('--no-tags', 'leave out tags of accounts and keys')
    .addHelpText(
      'after',
      '\nExample:\n  keymeter names pull --region eu-west-1 us-east-1 --out names.json\n  keymeter run key-usage --names names.json',
    )
    .action(async (options: PullOptions) => {
      const pulled = await pull(options, (line) => environment.stderr(`${line}\n`));
      const text = `${JSON.stringify(pulled, null, 1)}\n`;
      if (options.out) {
        await writeFile(options.out, text);
        const { accounts, keys } = pulled;
        environment.stderr(
          `${accounts.length} accounts and ${keys.length} keys written to ${options.out}\n`,
        );
      } else environment.stdout(text);
    });
  return names;
}

async function pull(
  options: PullOptions,
  complain: (line: string) => void,
): Promise<Config['names']> {
  const endpoint = options.endpoint ? { endpoint: options.endpoint } : {};
  const accounts: AccountName[] = [];
  const keys: KeyName[] = [];
  if (options.accounts) {
    const client = new OrganizationsClient(endpoint);
    try {
      accounts.push(...(await pullAccounts(client, options.tags, complain)));
    } catch (error) {
      throw failed('the accounts of the organisation', 'organizations:ListAccounts', error);
    } finally {
      client.destroy();
    }
  }
  for (const region of options.keys ? (options.region ?? [undefined]) : []) {
    const client = new KMSClient({ ...endpoint, ...(region ? { region } : {}) });
    try {
      keys.push(...(await pullAliases(client, options.tags, complain)));
    } catch (error) {
      throw failed(`the aliases of ${region ?? 'the default Region'}`, 'kms:ListAliases', error);
    } finally {
      client.destroy();
    }
  }
  return { accounts, keys };
}

const failed = (what: string, permission: string, cause: unknown) =>
  new KeymeterError('names_pull_failed', `cannot list ${what}: ${messageOf(cause)}`, {
    fix: `check credentials, Region and the permission ${permission}, or leave this part out (--no-accounts, --no-keys)`,
    cause,
  });

async function pullAccounts(
  client: OrganizationsClient,
  withTags: boolean,
  complain: (line: string) => void,
): Promise<AccountName[]> {
  const found: { id: string; name: string | undefined }[] = [];
  for await (const page of paginateListAccounts({ client }, {})) {
    for (const { Id, Name } of page.Accounts ?? []) if (Id) found.push({ id: Id, name: Name });
    if (found.length > entries_max) throw new Error(`more than ${entries_max} accounts`);
  }
  const atOnce = pLimit(calls_at_once);
  return Promise.all(
    found.map(({ id, name }) =>
      atOnce(async (): Promise<AccountName> => {
        const tags = await tagsOr(withTags, `tags of account ${id}`, complain, async () => {
          const command = new ListTagsForResourceCommand({ ResourceId: id });
          return (await client.send(command)).Tags?.map(({ Key, Value }) => [Key, Value]) ?? [];
        });
        return {
          account_id: id,
          name,
          environment: taggedAs(tags, ['environment', 'env', 'stage']),
          team: taggedAs(tags, ['team', 'owner']),
          tags,
        };
      }),
    ),
  );
}

async function pullAliases(
  client: KMSClient,
  withTags: boolean,
  complain: (line: string) => void,
): Promise<KeyName[]> {
  const byKey = new Map<string, string[]>();
  for await (const page of paginateListAliases({ client }, {})) {
    for (const { AliasName, AliasArn, TargetKeyId } of page.Aliases ?? []) {
      // A predefined alias of a service that has not made its key yet has no target.
      if (!AliasName || !AliasArn || !TargetKeyId) continue;
      const arn = `${AliasArn.slice(0, AliasArn.indexOf(':alias/'))}:key/${TargetKeyId}`;
      byKey.set(arn, [...(byKey.get(arn) ?? []), AliasName]);
    }
    if (byKey.size > entries_max) throw new Error(`more than ${entries_max} keys in one Region`);
  }
  const atOnce = pLimit(calls_at_once);
  return Promise.all(
    [...byKey].map(([arn, aliases]) =>
      atOnce(async (): Promise<KeyName> => {
        const tags = await tagsOr(withTags, `tags of ${arn}`, complain, async () => {
          const command = new ListResourceTagsCommand({ KeyId: arn });
          return (
            (await client.send(command)).Tags?.map(({ TagKey, TagValue }) => [TagKey, TagValue]) ??
            []
          );
        });
        return { arn, aliases, tags };
      }),
    ),
  );
}

/** Tags by key; none, with a complaint, when the caller may not read them. */
async function tagsOr(
  wanted: boolean,
  what: string,
  complain: (line: string) => void,
  read: () => Promise<(string | undefined)[][]>,
): Promise<Record<string, string>> {
  if (!wanted) return {};
  try {
    const pairs = (await read()).flatMap(([key, value]) => (key ? [[key, value ?? '']] : []));
    return Object.fromEntries(pairs) as Record<string, string>;
  } catch (error) {
    complain(`${what} not read: ${messageOf(error)}`);
    return {};
  }
}

/** The value of the first of these tags that is there, whatever its case. */
function taggedAs(
  tags: Readonly<Record<string, string>>,
  names: readonly string[],
): string | undefined {
  const byName = new Map(Object.entries(tags).map(([key, value]) => [key.toLowerCase(), value]));
  return names.map((name) => byName.get(name)).find((value) => value !== undefined);
}
