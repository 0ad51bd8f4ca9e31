import { expect, test } from 'vitest';
import { ingestMegabytes } from '../../store/write/ingest-memory.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { refuseFatal } from '../../store/fatal.ts';

test('too little memory stops the run with its own words: no object is to blame', async () => {
  const database = await openDatabase(':memory:');
  const connection = await database.connect();
  await connection.run("SET temp_directory = ''");
  await connection.run("SET memory_limit = '20MB'");
  const error: unknown = await connection
    .run('CREATE TABLE large AS SELECT uuid() AS id FROM range(5000000)')
    .catch((thrown: unknown) => thrown);
  expect(() => refuseFatal(error)).toThrow(
    expect.objectContaining({
      code: 'database_memory',
      fix: expect.stringMatching(/--memory-limit/),
    }),
  );
  connection.closeSync();
  database.close();
});

/** DuckDB's memory limit in MB. */
async function limitOf(database: Database): Promise<number> {
  const connection = await database.connect();
  const result = await connection.runAndReadAll(
    "SELECT current_setting('memory_limit') AS memory_limit",
  );
  connection.closeSync();
  const [, amount, unit] = /^([\d.]+) (\w+)$/.exec(String(result.getRows()[0]![0]))!;
  return (Number(amount) * { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }[unit!]!) / 1e6;
}

test('so does an index that has grown beyond it', () => {
  const message =
    'TransactionContext Error: Failed to commit: failed to pin block of size 256.0 KiB (244.0 MiB/244.1 MiB used)';
  expect(() => refuseFatal(new Error(message))).toThrow(
    expect.objectContaining({ code: 'database_memory' }),
  );
});

test('while ingesting DuckDB has little memory, and more for the index of a larger ledger', async () => {
  const database = await openDatabase(':memory:');
  const before = await limitOf(database);
  await database.whileIngesting({ threads: 1, alone: true }, async () => {
    expect(await limitOf(database)).toBeCloseTo(256, -1);
    await database.makeRoomForLedger(5_000_000);
    expect(await limitOf(database)).toBeCloseTo(768, -1);
    await database.makeRoomForLedger(1_000);
    expect(await limitOf(database)).toBeCloseTo(768, -1);
  });
  expect(await limitOf(database)).toBeCloseTo(before, -1);
  database.close();
  expect([0, 1, 320_000, 320_001].map(ingestMegabytes)).toEqual([256, 288, 288, 320]);
});

test('queries beside an ingest have the memory that they had', async () => {
  const database = await openDatabase(':memory:');
  const before = await limitOf(database);
  await database.whileIngesting({ threads: 1, alone: false }, async () => {
    await database.makeRoomForLedger(5_000_000);
    expect(await limitOf(database)).toBe(before);
  });
  database.close();
});

test('a limit that was chosen stays', async () => {
  const database = await openDatabase(':memory:', { memoryLimit: '300MB' });
  await database.whileIngesting({ threads: 1, alone: true }, async () => {
    await database.makeRoomForLedger(5_000_000);
    expect(await limitOf(database)).toBeCloseTo(300, -1);
  });
  expect(await limitOf(database)).toBeCloseTo(300, -1);
  database.close();
});
