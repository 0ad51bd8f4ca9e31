import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import detections from '../../analytics/detections/detections.ts';
import type { Finding } from '../../analytics/detections/detection.ts';
import { defaultConfig } from '../../core/config.ts';
import { sharedData, sharedFile } from '../support/shared-data.ts';
import { withTrail } from '../support/stored-trail.ts';

/** The folders under names that sort in this order, which is the order they are read in. */
async function verdictsOf(sets: readonly string[], account: string): Promise<Finding[]> {
  const directory = mkdtempSync(path.join(tmpdir(), 'keymeter-order-'));
  try {
    for (const [i, set] of sets.entries()) {
      cpSync(sharedFile('real', set), path.join(directory, `${i}-${set}`), { recursive: true });
    }
    return await withTrail(directory, async (engine) => {
      const { rows } = await detections.execute({ account }, { engine, config: defaultConfig });
      return rows as Finding[];
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const sets = sharedData ? readdirSync(sharedFile('real')).sort() : [];

describe.skipIf(!sharedData)('the verdicts of an account', () => {
  test.each([
    ['sans504-s3-ransomware', '342082656213'],
    // The files are of another account than their records name.
    ['invictus-aws_dataset', '123837392027'],
    ['opensearch-catalog-samples-large', '347283850106'],
  ])('of %s are the same alone, beside every other log, and in any order', async (set, account) => {
    const others = sets.filter((name) => name !== set);
    const alone = await verdictsOf([set], account);
    expect(alone.length).toBeGreaterThan(0);
    expect(await verdictsOf([set, ...others], account)).toEqual(alone);
    expect(await verdictsOf([...others, set], account)).toEqual(alone);
    expect(await verdictsOf([...others.reverse(), set], account)).toEqual(alone);
  });

  test('say which of them rest on too little history', async () => {
    const attack = await verdictsOf(sets, '123837392027');
    const mass = attack.filter((row) => row.rule === 'mass-decrypt');
    expect(mass.map((row) => [row.verdict, row.severity, row.events])).toEqual([
      ['not_judged', 'high', 74],
    ]);
    expect(mass[0]!.finding).toBe(
      'not judged: 0 of 24 hours of history; 51 different secrets decrypted in 39 seconds by 74 calls; the threshold is 20, and at most 0 were decrypted in any hour before',
    );
  });
});
