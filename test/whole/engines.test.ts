import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyses } from '../../analytics/registry.ts';
import { defaultConfig, readConfig, type Config } from '../../core/config.ts';
import { demoConfigFile, generateDemoTrail } from '../../demo/generate.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import { openDatabase } from '../../store/database.ts';
import type { OpenedEngine } from '../../store/engine.ts';
import { openLakeFiles, settle, writeShard } from '../../store/lake-access.ts';
import { openEngine } from '../../store/open-engine.ts';
import { difference } from '../support/answers-alike.ts';
import { sharedData, sharedFile } from '../support/shared-data.ts';
import { startTrino, trinoInstalled, type TrinoServer } from '../support/trino.ts';

const registry = await analyses();
const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-engines-'));
let trino: TrinoServer | undefined;

beforeAll(async () => {
  if (trinoInstalled) trino = await startTrino();
});
afterAll(async () => {
  await trino?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

interface Stores {
  duckdb: OpenedEngine;
  lake: OpenedEngine;
  trino?: OpenedEngine;
  config: Config;
}

/** One database of a trail, and the same as a lake that DuckDB and Trino read. */
async function storesOf(name: string, trail: string, config: Config): Promise<Stores> {
  const file = path.join(scratch, `${name}.duckdb`);
  const place = path.join(trino?.root ?? scratch, name);
  const database = await openDatabase(file);
  const lake = await openLakeFiles(place);
  try {
    await ingest(database, [await openSource(trail)], { workers: 1 });
    await writeShard(database, lake, 'all');
    await settle(lake);
  } finally {
    database.close();
  }
  await trino?.show(name);
  return {
    duckdb: await openEngine(`duckdb:${file}`),
    lake: await openEngine(`lake:${place}`),
    ...(trino ? { trino: await openEngine(trino.address(name)) } : {}),
    config,
  };
}

async function differences(stores: Stores, right: OpenedEngine): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const analysis of registry.values()) {
    const engines = { left: stores.duckdb, right };
    const what = await difference(analysis, engines, stores.config, analysis.example);
    if (what !== null) found[analysis.name] = what;
  }
  return found;
}

const trails = [
  {
    name: 'demo',
    prepare: async () => {
      const trail = path.join(scratch, 'demo-trail');
      await generateDemoTrail(trail, { seed: 1 });
      return storesOf('demo', trail, readConfig(path.join(trail, demoConfigFile)));
    },
    there: true,
  },
  {
    name: 'real',
    prepare: () => storesOf('real', sharedFile('real'), defaultConfig),
    there: sharedData !== null,
  },
];

describe.each(trails)('$name: every engine gives the same answers', ({ prepare, there }) => {
  let stores: Stores;
  beforeAll(async () => {
    if (there) stores = await prepare();
  });
  afterAll(() => {
    for (const engine of [stores?.duckdb, stores?.lake, stores?.trino]) engine?.close();
  });

  test.skipIf(!there)('DuckDB over the lake', async () => {
    expect(await differences(stores, stores.lake)).toEqual({});
  });

  test.skipIf(!there || !trinoInstalled)('Trino over the lake', async () => {
    expect(await differences(stores, stores.trino!)).toEqual({});
  });
});

describe.skipIf(!trinoInstalled)('Trino behind the interface', () => {
  let engine: OpenedEngine;
  beforeAll(async () => {
    engine = await openEngine(trino!.address('demo'));
  });

  test('a literal is the value that was meant', async () => {
    const texts = fc
      .array(fc.constantFrom("'", '"', '\\', '--', '/*', ';', '$x', '?', '\n', 'ü', '🔑', 'a'), {
        maxLength: 8,
      })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(texts, fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), async (x, n) => {
        const sql = 'SELECT $x AS x, $n AS n, $list AS list, $d AS d, $at AS at, $none AS none';
        const at = new Date('2024-02-29T23:59:59Z');
        const [row] = await engine.rows(sql, { x, n, list: [x], d: -1.5e-9, at, none: null });
        const wide = Number.isSafeInteger(Number(n)) ? Number(n) : String(n);
        expect(row).toEqual({
          ...{ x, n: wide, list: [x], d: -1.5e-9 },
          ...{ at: '2024-02-29T23:59:59Z', none: null },
        });
      }),
      { numRuns: 15 },
    );
    expect(await engine.rows('SELECT cardinality($list) AS n', { list: [] })).toEqual([{ n: 0 }]);
  });

  const endless =
    'SELECT count(*) AS n FROM UNNEST(sequence(1, 10000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 10000)) AS b(y) CROSS JOIN UNNEST(sequence(1, 10000)) AS c(z) WHERE x * y + z = -1';

  test('a deadline and an abort end the query there too', async () => {
    await expect(engine.rows(endless, {}, { deadline_ms: 500 })).rejects.toMatchObject({
      code: 'deadline_exceeded',
    });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 500);
    await expect(engine.rows(endless, {}, { signal: controller.signal })).rejects.toMatchObject({
      code: 'query_aborted',
    });
    const running = async () => {
      const [row] = await engine.rows(
        "SELECT count(*) AS n FROM system.runtime.queries WHERE state = 'RUNNING' AND query LIKE '%sequence(1, 10000)%' AND query NOT LIKE '%runtime%'",
      );
      return Number(row!['n']);
    };
    await expect.poll(running, { timeout: 30_000 }).toBe(0);
  });

  test('what fails says so', async () => {
    await expect(engine.rows('SELECT nothing FROM nowhere')).rejects.toMatchObject({
      code: 'query_failed',
    });
    const gone = await openEngine('trino://127.0.0.1:9/lake/demo');
    await expect(gone.rows('SELECT 1')).rejects.toMatchObject({ code: 'engine_unreachable' });
    await expect(openEngine('trino://nowhere')).rejects.toMatchObject({ code: 'bad_engine' });
  });
});
