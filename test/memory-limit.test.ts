import { expect, test } from 'vitest';
import { openDatabase } from '../store/database.ts';
import { refuseFatal } from '../store/fatal.ts';

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
