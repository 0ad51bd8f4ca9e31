import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, expect, test } from 'vitest';
import { ingest } from '../../ingest/ingest.ts';
import { ReaderPool } from '../../ingest/pool.ts';
import { readAhead } from '../../ingest/read-ahead.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import type { ListedObject } from '../../ingest/sources/source.ts';
import { openDatabase } from '../../store/database.ts';
import { kmsRecord, logOf, put } from '../support/kms-records.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-pool-'));
const built = pathToFileURL(path.resolve('dist/ingest/worker.cjs'));
let pool: ReaderPool | null = null;

afterEach(async () => {
  await pool?.close();
  pool = null;
});
afterAll(() => rmSync(scratch, { recursive: true }));

/** A worker that does `harm` when a task has an object with poison in its name. */
function poisonedPool(name: string, harm: string): ReaderPool {
  const file = path.join(scratch, `${name}.mjs`);
  writeFileSync(
    file,
    `import built from '${built}';
     export default async (task) => {
       if (task.objects.some((object) => object.key.includes('poison'))) { ${harm} }
       return built.default(task);
     };`,
  );
  return (pool = new ReaderPool(2, { file, heap_mb: 100 }));
}

/** A pool that notes the objects of each task that a worker gets. */
function countingPool(name: string): ReaderPool {
  const file = path.join(scratch, `${name}.mjs`);
  writeFileSync(
    file,
    `import { appendFileSync } from 'node:fs';
     import path from 'node:path';
     import built from '${built}';
     export default async (task) => {
       const names = task.objects.map(({ key }) => path.basename(key, '.json.gz'));
       appendFileSync(${JSON.stringify(path.join(scratch, `${name}.txt`))}, names.sort().join(' ') + '\\n');
       return built.default(task);
     };`,
  );
  return (pool = new ReaderPool(2, { file }));
}

const readings = (name: string) =>
  readFileSync(path.join(scratch, `${name}.txt`), 'utf8')
    .trim()
    .split('\n');

async function listed(names: readonly string[]): Promise<ListedObject[]> {
  const folder = mkdtempSync(path.join(scratch, 'logs-'));
  for (const name of names) put(folder, `${name}.json.gz`, logOf([kmsRecord(name)]));
  const objects: ListedObject[] = [];
  const source = await openSource(folder);
  for await (const one of source.list({}, new AbortController().signal)) {
    if ('source' in one) objects.push(one);
  }
  return objects.sort((a, b) => (a.key < b.key ? -1 : 1));
}

const task = (objects: ListedObject[]) => ({
  reader: { source: 'local' } as const,
  objects,
  content_bytes_max: 1_000_000,
});

/** Statuses and classes of all objects, in their order. */
const outcomes = (batches: Awaited<ReturnType<ReaderPool['read']>>) =>
  batches.flatMap((batch) => batch.objects.map((o) => o.error_class ?? o.status));

test.each([
  ['ends its thread', 'process.exit(7);'],
  ['throws', 'throw new TypeError("poison");'],
  ['runs out of memory', 'const all = []; for (;;) all.push(new Array(1e5).fill(all.length));'],
])('an object on which the worker %s is dead, and those beside it are kept', async (name, harm) => {
  const pool = poisonedPool(name.replaceAll(' ', '-'), harm);
  const objects = await listed(['a', 'poison', 'z']);
  const [poisoned, other] = await Promise.all([
    pool.read(task(objects)),
    pool.read(task(await listed(['b', 'c']))),
  ]);
  expect(outcomes(poisoned)).toEqual(['ok', 'reader_failed', 'ok']);
  expect(poisoned.map((batch) => batch.events.rowCount)).toEqual([1, 0, 1]);
  expect(outcomes(other)).toEqual(['ok', 'ok']);
  expect(outcomes(await pool.read(task(await listed(['d']))))).toEqual(['ok']);
});

test('readers that fail on everything are told apart from bad objects', async () => {
  const pool = poisonedPool('always', 'throw new Error("no reader");');
  const objects = await listed(Array.from({ length: 101 }, (_, i) => `poison-${i}`));
  await expect(pool.read(task(objects))).rejects.toMatchObject({ code: 'readers_failing' });
});

test('what was read ahead is given to the very same task, once; any other is read as usual', async () => {
  const pool = countingPool('ahead');
  const [a, b] = [await listed(['a', 'b']), await listed(['c'])];
  pool.readAhead(task(a));
  const first = await pool.read(task(a));
  expect(outcomes(first)).toEqual(['ok', 'ok']);
  expect(readings('ahead')).toEqual(['a b']);
  await pool.read(task(a));
  expect(readings('ahead')).toEqual(['a b', 'a b']);
  pool.readAhead(task(b));
  await pool.read({ ...task(b), content_bytes_max: 2_000_000 });
  const changed = b.map((object) => ({ ...object, version: `${object.version}1` }));
  await pool.read(task(changed));
  expect(readings('ahead')).toEqual(['a b', 'a b', 'c', 'c', 'c']);
});

test('a run of a new database plans what was read ahead, and stores it once', async () => {
  const pool = countingPool('run');
  const folder = mkdtempSync(path.join(scratch, 'run-'));
  for (const name of ['a', 'b', 'c']) put(folder, `${name}.json.gz`, logOf([kmsRecord(name)]));
  const sources = [await openSource(folder)];
  await readAhead(pool, sources, { related_groups: [] });
  const database = await openDatabase(':memory:');
  try {
    const options = { readers: pool, related_groups: [] };
    const summary = await ingest(database, sources, options);
    expect(summary).toMatchObject({ status: 'done', objects_listed: 3, inserted: 3, duplicate: 0 });
    expect(readings('run')).toEqual(['a b c']);
  } finally {
    database.close();
  }
});

test('a pool that is closed reads nothing again', async () => {
  const pool = poisonedPool('hangs', 'await new Promise((r) => setTimeout(r, 60_000));');
  const reading = pool.read(task(await listed(['poison'])));
  const rejected = expect(reading).rejects.toThrow();
  await pool.close();
  await rejected;
});

test('a pool that is closed while its workers load leaves the process alone', async () => {
  for (let i = 0; i < 12; i++) {
    const closing = new ReaderPool(2);
    // From the first lines of the worker to its last: a thread ended in the midst would end the process.
    await new Promise((resolve) => setTimeout(resolve, 15 * i));
    await closing.close();
  }
});
