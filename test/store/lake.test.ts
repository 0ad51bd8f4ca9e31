import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateDemoTrail } from '../../demo/generate.ts';
import { ingest } from '../../ingest/ingest.ts';
import type { ListedObject } from '../../ingest/sources/source.ts';
import { openDatabase } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { openLakeFiles, settle, type LakeFiles } from '../../store/lake-access.ts';
import { ledgerColumns, lakeRelations, rejectColumns } from '../../store/lake/layout.ts';
import { openEngine } from '../../store/open-engine.ts';
import { listedObjects, sourceOf, storedContent, writeObjects } from '../support/lake-shards.ts';
import { sharedData, sharedFile } from '../support/shared-data.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-lake-test-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The content of one database that one writer filled with all the objects. */
async function oneWriter(objects: readonly ListedObject[]): Promise<Record<string, unknown>> {
  const database = await openDatabase(':memory:');
  const engine = new DuckDbEngine(database);
  try {
    await ingest(database, [sourceOf(objects)], { workers: 1, related_groups: [] });
    return await storedContent(engine);
  } finally {
    engine.close();
    database.close();
  }
}

/** A lake that dies at its manifest: the parts are there, and nothing says so. */
const dyingAtManifest = (lake: LakeFiles): LakeFiles => ({
  place: lake.place,
  read: (file) => lake.read(file),
  putFile: (file, local) => lake.putFile(file, local),
  list: (prefix) => lake.list(prefix),
  local: (file) => lake.local(file),
  address: (file) => lake.address(file),
  close: () => lake.close(),
  put: async (file, bytes) => {
    if (file.startsWith('raw/_done/')) throw new Error('killed');
    await lake.put(file, bytes);
  },
});

async function lakeContent(place: string): Promise<Record<string, unknown>> {
  const engine = await openEngine(`lake:${place}`);
  try {
    return await storedContent(engine);
  } finally {
    engine.close();
  }
}

interface Case {
  shards: number;
  seed: number;
  twice: boolean;
  killed: boolean;
  late: number;
  copied: number;
}

/** Splits, writes, dies, writes again, settles early and late; the answer must not depend on any of it. */
async function throughLake(objects: readonly ListedObject[], one: Case): Promise<unknown> {
  const place = mkdtempSync(path.join(scratch, 'lake-'));
  const lake = await openLakeFiles(place);
  let state = one.seed >>> 0;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const shards: ListedObject[][] = Array.from({ length: one.shards }, () => []);
  for (const object of objects) shards[random(one.shards)]!.push(object);
  for (let i = 0; i < one.copied; i++) {
    shards[random(one.shards)]!.push(objects[random(objects.length)]!);
  }
  const order = shards.map((_, i) => i).sort(() => random(3) - 1);
  for (const [turn, i] of order.entries()) {
    const distinct = [...new Set(shards[i])];
    if (one.killed && turn % 2 === 0) {
      await expect(writeObjects(dyingAtManifest(lake), `s-${i}`, distinct)).rejects.toThrow(
        'killed',
      );
    }
    // Half of a shard first, as if it had been written from a shorter list.
    if (one.twice && turn % 3 === 0) {
      await writeObjects(lake, `s-${i}`, distinct.slice(0, Math.ceil(distinct.length / 2)));
    }
    if (turn === one.late % one.shards) await settle(lake);
    await writeObjects(lake, `s-${i}`, distinct);
  }
  await settle(lake);
  const again = await settle(lake);
  expect(again.days_settled).toEqual([]);
  return lakeContent(place);
}

const cases = fc.record({
  shards: fc.integer({ min: 1, max: 4 }),
  seed: fc.integer(),
  twice: fc.boolean(),
  killed: fc.boolean(),
  late: fc.nat(5),
  copied: fc.integer({ min: 0, max: 20 }),
});

describe('any way to write a lake gives what one writer gives', () => {
  let demo: ListedObject[];
  beforeAll(async () => {
    await generateDemoTrail(path.join(scratch, 'trail'), { seed: 1 });
    demo = await listedObjects(path.join(scratch, 'trail'));
  });

  test('the demo trail in 4 shards', async () => {
    const all = { shards: 4, seed: 7, twice: false, killed: false, late: 3, copied: 40 };
    const content = await throughLake(demo, all);
    expect(content).toEqual(await oneWriter(demo));
  });

  test('any split, order, copy, death and repetition', async () => {
    // Three days, so that a case takes seconds.
    const few = demo.filter(({ key }) => /\/10\/0[567]\//.test(key));
    expect(few.length).toBeGreaterThan(20);
    const expected = await oneWriter(few);
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        expect(await throughLake(few, one)).toEqual(expected);
      }),
      { numRuns: 2 },
    );
  });

  test.skipIf(!sharedData)('real logs in 5 shards', async () => {
    const real = await listedObjects(sharedFile('real'));
    const all = { shards: 5, seed: 3, twice: true, killed: true, late: 2, copied: 3 };
    expect(await throughLake(real, all)).toEqual(await oneWriter(real));
  });
});

test('a lake has every column that the database has', async () => {
  const database = await openDatabase(':memory:');
  const engine = new DuckDbEngine(database);
  try {
    for (const { name, columns, derived } of lakeRelations) {
      const stored = columns.map((column) => column.name).concat(Object.keys(derived ?? {}));
      const there = (await engine.table(`SELECT * FROM ${name} LIMIT 0`)).columns;
      const further = name === 'ingest_rejects' ? ['object_id'] : [];
      expect(stored.sort(), name).toEqual([...there, ...further].sort());
    }
    expect(ledgerColumns.length).toBeGreaterThan(rejectColumns.length);
  } finally {
    engine.close();
    database.close();
  }
});

test('a place without a settled lake is named, with what to do', async () => {
  await expect(openEngine(`lake:${path.join(scratch, 'nothing')}`)).rejects.toMatchObject({
    code: 'lake_not_settled',
    fix: expect.stringContaining('keymeter lake settle'),
  });
});
