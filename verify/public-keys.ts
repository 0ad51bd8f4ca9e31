import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { z } from 'zod';
import { KeymeterError, exitCodes, messageOf } from '../core/errors.ts';

/** A key that CloudTrail signs digests with. Each Region has its own. */
export interface PublicKey {
  /** Lower-case hex, as digests name it. */
  fingerprint: string;
  /** Base64 of the PKCS #1 DER, as ListPublicKeys gives it. */
  value: string;
  key: KeyObject;
  /** The Region that was asked; null from a file that does not say. */
  region: string | null;
}

/** Where public keys come from. */
export interface PublicKeys {
  /**
   * Whether a key that is not found proves a digest false: true when CloudTrail itself was asked, false
   * for a saved file, which may be older than the key.
   */
  readonly isComplete: boolean;
  /** The key of a digest, asked for in the Regions given, valid at some time in [from, to] (ms). */
  find(
    fingerprint: string,
    where: { regions: readonly string[]; from: number; to: number },
  ): Promise<PublicKey | undefined>;
  /** Every key met so far, to be saved for work without a network. */
  known(): PublicKey[];
}

const keyEntry = z.object({
  Value: z.string().regex(/^[A-Za-z0-9+/=\s]+$/),
  Fingerprint: z.string().regex(/^[0-9a-fA-F]+$/),
  Region: z.string().optional(),
});
const keyList = z.object({ PublicKeyList: z.array(keyEntry) });
const keyFile = z.union([keyList, z.array(keyList)]);

/** Null for a value that is no RSA public key: digests that name it can then not be checked. */
function publicKeyOf(entry: z.infer<typeof keyEntry>): PublicKey | null {
  try {
    const der = Buffer.from(entry.Value, 'base64');
    const key = createPublicKey({ key: der, format: 'der', type: 'pkcs1' });
    const fingerprint = entry.Fingerprint.toLowerCase();
    return { fingerprint, value: entry.Value, key, region: entry.Region ?? null };
  } catch {
    return null;
  }
}

/**
 * Reads a saved answer of `aws cloudtrail list-public-keys` (or an array of them, a Region each).
 * The file is the root of all trust: whoever can write it can make any digest valid.
 */
export async function publicKeysFromFile(file: string): Promise<PublicKeys> {
  let parsed: z.infer<typeof keyFile>;
  try {
    parsed = keyFile.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    throw new KeymeterError('public_keys_unreadable', `${file}: ${messageOf(error)}`, {
      fix: 'Save one with: aws cloudtrail list-public-keys --start-time ... --end-time ... > keys.json',
      exitCode: exitCodes.usage,
      cause: error,
    });
  }
  const keys = new Map<string, PublicKey>();
  for (const list of Array.isArray(parsed) ? parsed : [parsed]) {
    for (const entry of list.PublicKeyList) {
      const key = publicKeyOf(entry);
      if (key) keys.set(key.fingerprint, key);
    }
  }
  return {
    isComplete: false,
    find: (fingerprint) => Promise.resolve(keys.get(fingerprint.toLowerCase())),
    known: () => [...keys.values()],
  };
}

/** Writes keys in the shape that publicKeysFromFile and the AWS CLI use. */
export async function savePublicKeys(file: string, keys: readonly PublicKey[]): Promise<void> {
  const entries = keys.map(({ value, fingerprint, region }) => ({
    Value: value,
    Fingerprint: fingerprint,
    ...(region === null ? {} : { Region: region }),
  }));
  await writeFile(file, `${JSON.stringify({ PublicKeyList: entries }, null, 2)}\n`);
}

const pagesMax = 1000;
const marginMs = 2 * 3_600_000;

/**
 * Asks CloudTrail's ListPublicKeys, once for each Region and time range not yet asked for. The range
 * is widened by two hours at its end: a key can become valid after the end of the digests it signs
 * (aws-cli #10073).
 */
export function publicKeysFromCloudTrail(options: {
  profile?: string | undefined;
  client?: (region: string) => CloudTrailClient;
}): PublicKeys {
  const keys = new Map<string, PublicKey>();
  const asked = new Map<string, { from: number; to: number }[]>();
  async function ask(region: string, from: number, to: number): Promise<void> {
    const ranges = asked.get(region) ?? [];
    if (ranges.some((range) => range.from <= from && range.to >= to)) return;
    // Loaded only when needed: the SDK takes its time to load.
    const sdk = await import('@aws-sdk/client-cloudtrail');
    const { profile } = options;
    const client =
      options.client?.(region) ??
      new sdk.CloudTrailClient({ region, ...(profile ? { profile } : {}) });
    try {
      let NextToken: string | undefined;
      for (let page = 0; page < pagesMax; page++) {
        const answer = await client.send(
          new sdk.ListPublicKeysCommand({
            StartTime: new Date(from),
            EndTime: new Date(to + marginMs),
            ...(NextToken ? { NextToken } : {}),
          }),
        );
        for (const { Value, Fingerprint } of answer.PublicKeyList ?? []) {
          if (!Value || !Fingerprint) continue;
          const entry = {
            Value: Buffer.from(Value).toString('base64'),
            Fingerprint,
            Region: region,
          };
          const key = publicKeyOf(entry);
          if (key) keys.set(key.fingerprint, key);
        }
        NextToken = answer.NextToken;
        if (!NextToken) break;
      }
    } catch (error) {
      throw new KeymeterError(
        'public_keys_refused',
        `CloudTrail ListPublicKeys in ${region}: ${messageOf(error)}`,
        {
          fix: 'Allow cloudtrail:ListPublicKeys, or give a saved key file with --keys',
          cause: error,
        },
      );
    } finally {
      client.destroy();
    }
    asked.set(region, [...ranges, { from, to }]);
  }

  return {
    isComplete: true,
    async find(fingerprint, { regions, from, to }) {
      const wanted = fingerprint.toLowerCase();
      for (const region of regions) {
        if (keys.has(wanted)) break;
        await ask(region, from, to);
      }
      return keys.get(wanted);
    },
    known: () => [...keys.values()],
  };
}
