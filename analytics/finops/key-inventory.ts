import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { keyInventoryEntry, type KeyInventoryEntry } from '../../core/config.ts';
import { exitCodes, KeymeterError, messageOf } from '../../core/errors.ts';

const bytes_max = 256 * 1024 * 1024;

const metadata = z.looseObject({
  Arn: z.string(),
  KeyManager: z.string().optional(),
  KeyState: z.string().optional(),
  Origin: z.string().optional(),
  KeySpec: z.string().optional(),
  MultiRegionConfiguration: z.looseObject({ MultiRegionKeyType: z.string().optional() }).optional(),
  CustomKeyStoreId: z.string().optional(),
  Rotations: z.number().int().nonnegative().optional(),
});
const listed = z.looseObject({ KeyArn: z.string() });
const page = z.looseObject({ Keys: z.array(z.unknown()) });
const described = z.looseObject({ KeyMetadata: z.unknown() });

/**
 * Keys from the output of `aws kms list-keys` or `describe-key`, of `keymeter keys pull`, or arrays or
 * lines of these. Throws KeymeterError inventory_unreadable or inventory_invalid.
 */
export function readKeyInventory(file: string): KeyInventoryEntry[] {
  let text: string;
  try {
    const { size } = statSync(file);
    if (size > bytes_max) throw new Error(`${size} bytes are more than ${bytes_max}`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new KeymeterError('inventory_unreadable', `cannot read ${file}: ${messageOf(error)}`, {
      fix: 'name a JSON file of `keymeter keys pull` or `aws kms describe-key`',
      exitCode: exitCodes.usage,
      cause: error,
    });
  }
  try {
    return parseKeyInventory(text);
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new KeymeterError('inventory_invalid', `${file} is no key inventory: ${detail}`, {
      fix: 'make it with `keymeter keys pull`, `aws kms list-keys` or `aws kms describe-key`',
      exitCode: exitCodes.usage,
      cause: error,
    });
  }
}

/** The same of text; a key that stands twice is taken with the details of both. */
export function parseKeyInventory(text: string): KeyInventoryEntry[] {
  const found = new Map<string, KeyInventoryEntry>();
  for (const value of jsonValues(text)) {
    for (const entry of entriesOf(value)) {
      const known = Object.entries(entry).filter(([, detail]) => detail !== undefined);
      found.set(entry.arn, {
        ...found.get(entry.arn),
        ...Object.fromEntries(known),
        arn: entry.arn,
      });
    }
  }
  return [...found.values()];
}

function jsonValues(text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch (error) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    if (lines.length < 2) throw error;
    return lines.map((line) => JSON.parse(line) as unknown);
  }
}

function entriesOf(value: unknown): KeyInventoryEntry[] {
  if (Array.isArray(value)) return value.flatMap(entriesOf);
  const asPage = page.safeParse(value);
  if (asPage.success) return asPage.data.Keys.flatMap(entriesOf);
  const asDescribed = described.safeParse(value);
  if (asDescribed.success) return entriesOf(asDescribed.data.KeyMetadata);
  const asListed = listed.safeParse(value);
  if (asListed.success) return [keyInventoryEntry.parse({ arn: asListed.data.KeyArn })];
  const key = metadata.parse(value);
  return [
    keyInventoryEntry.parse({
      arn: key.Arn,
      manager: key.KeyManager,
      state: key.KeyState,
      origin: key.Origin,
      key_spec: key.KeySpec,
      multi_region: key.MultiRegionConfiguration?.MultiRegionKeyType,
      custom_key_store_id: key.CustomKeyStoreId,
      rotations: key.Rotations,
    }),
  ];
}
