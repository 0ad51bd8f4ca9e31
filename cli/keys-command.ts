import { writeFile } from 'node:fs/promises';
import {
  DescribeKeyCommand,
  KMSClient,
  paginateListKeyRotations,
  paginateListKeys,
  type KeyMetadata,
} from '@aws-sdk/client-kms';
import { Command } from 'commander';
import pLimit from 'p-limit';
import { KeymeterError, messageOf } from '../core/errors.ts';

/** DescribeKey and ListKeyRotations have quotas of hundreds a second; this stays far below them. */
const calls_at_once = 4;
const keys_max = 100_000;

/** KeyMetadata as `aws kms describe-key` prints it, and how often the key was rotated when readable. */
export type PulledKey = KeyMetadata & { Rotations?: number };

/** The keys of one account and Region. Throws what the SDK throws. */
export async function pullKeys(
  client: KMSClient,
  options: { rotations: boolean },
): Promise<{ keys: PulledKey[]; refused: string[] }> {
  const ids: string[] = [];
  for await (const page of paginateListKeys({ client }, {})) {
    for (const key of page.Keys ?? []) if (key.KeyArn) ids.push(key.KeyArn);
    if (ids.length > keys_max) throw new Error(`more than ${keys_max} keys in one Region`);
  }
  const atOnce = pLimit(calls_at_once);
  const refused: string[] = [];
  const keys = await Promise.all(
    ids.map((id) =>
      atOnce(async (): Promise<PulledKey> => {
        try {
          const { KeyMetadata: metadata } = await client.send(
            new DescribeKeyCommand({ KeyId: id }),
          );
          if (!metadata) return { KeyId: id, Arn: id };
          const rotated = options.rotations && metadata.KeyManager === 'CUSTOMER';
          return rotated ? { ...metadata, ...(await rotationsOf(client, id)) } : metadata;
        } catch (error) {
          refused.push(`${id}: ${messageOf(error)}`);
          return { KeyId: id, Arn: id };
        }
      }),
    ),
  );
  return { keys, refused };
}

/** Nothing when the caller may not list rotations or the key cannot be rotated. */
async function rotationsOf(client: KMSClient, id: string): Promise<{ Rotations?: number }> {
  try {
    let count = 0;
    for await (const page of paginateListKeyRotations({ client }, { KeyId: id })) {
      count += page.Rotations?.length ?? 0;
    }
    return { Rotations: count };
  } catch {
    return {};
  }
}

/** What the command touches outside; tests pass their own. */
export interface KeysCommandEnvironment {
  stdout: (text: string) => void;
  stderr: (text: string) => void;
}

/** `keymeter keys pull`: the inventory that key-cost reads, as JSON. */
export function keysCommand(
  environment: KeysCommandEnvironment = {
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
  },
): Command {
  const keys = new Command('keys');
  keys
    .command('pull')
    .description('list and describe the keys through the KMS API (kms:ListKeys, kms:DescribeKey)')
    .option('--region <region...>', 'Regions to ask; default: the one of the AWS configuration')
    .option('--out <file>', 'write there instead of the standard output')
    .option('--endpoint <url>', 'another endpoint, such as a VPC endpoint')
    .option('--no-rotations', 'leave out kms:ListKeyRotations')
    .addHelpText('after', '\nExample:\n  keymeter keys pull --region eu-west-1 --out keys.json')
    .action(async (options: PullOptions) => {
      const found: PulledKey[] = [];
      for (const region of options.region ?? [undefined]) {
        const client = new KMSClient({
          ...(region ? { region } : {}),
          ...(options.endpoint ? { endpoint: options.endpoint } : {}),
        });
        try {
          const { keys: pulled, refused } = await pullKeys(client, options);
          found.push(...pulled);
          for (const line of refused) environment.stderr(`not described: ${line}\n`);
        } catch (error) {
          throw new KeymeterError(
            'keys_pull_failed',
            `cannot list the keys of ${region ?? 'the default Region'}: ${messageOf(error)}`,
            { fix: 'check credentials, Region and the permission kms:ListKeys', cause: error },
          );
        } finally {
          client.destroy();
        }
      }
      const text = `${JSON.stringify({ Keys: found.map((key) => ({ KeyMetadata: key })) }, null, 1)}\n`;
      if (options.out) {
        await writeFile(options.out, text);
        environment.stderr(`${found.length} keys written to ${options.out}\n`);
      } else environment.stdout(text);
    });
  return keys;
}

interface PullOptions {
  region?: string[];
  out?: string;
  endpoint?: string;
  rotations: boolean;
}
