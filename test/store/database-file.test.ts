import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { event, store } from '../support/events.ts';
import { withFolder } from '../support/folder.ts';

const eventsIn = async (file: string) => {
  const database = await openDatabase(file, { readOnly: true });
  const engine = new DuckDbEngine(database);
  try {
    return (await engine.rows('SELECT count(*) AS n FROM kms_events'))[0]!['n'];
  } finally {
    engine.close();
    database.close();
  }
};

describe('the name of a database', () => {
  const wrong: [string, string | Buffer, string][] = [
    ['log.json', '{"Records":[]}', 'a JSON file'],
    ['log.json.gz', gzipSync('{"Records":[]}'), 'a gzip file'],
    ['table.csv', 'a,b\n1,2\n', 'a text file'],
    ['table.parquet', 'PAR1....PAR1', 'a Parquet file'],
    ['other.sqlite', `SQLite format 3\0${'x'.repeat(5000)}`, 'an SQLite database'],
    ['log.zip', 'PK\x03\x04....', 'a zip archive'],
    [
      'noise',
      Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * 37) % 256)),
      'another kind',
    ],
    ['one', 'x', 'a text file'],
  ];
  test.each(wrong)('%s is refused for its bytes and left alone', async (name, bytes, kind) => {
    await withFolder(async (folder) => {
      const file = path.join(folder, name);
      writeFileSync(file, bytes);
      for (const readOnly of [true, false]) {
        await expect(openDatabase(file, { readOnly })).rejects.toMatchObject({
          code: 'not_a_database',
          message: expect.stringContaining(kind),
        });
      }
      expect(readFileSync(file).equals(Buffer.from(bytes))).toBe(true);
      expect(readdirSync(folder)).toEqual([name]);
    });
  });

  test('a directory, a pipe, an empty name and a missing directory are refused at once', async () => {
    await withFolder(async (folder) => {
      const pipe = path.join(folder, 'pipe');
      execFileSync('mkfifo', [pipe]);
      await expect(openDatabase(pipe)).rejects.toMatchObject({ code: 'database_not_file' });
      await expect(openDatabase(folder)).rejects.toMatchObject({ code: 'database_not_file' });
      await expect(openDatabase('')).rejects.toMatchObject({ code: 'bad_database_name' });
      await expect(openDatabase('/dev/null')).rejects.toMatchObject({ code: 'database_not_file' });
      await expect(openDatabase(path.join(folder, 'no', 'x.duckdb'))).rejects.toMatchObject({
        code: 'database_folder_missing',
      });
    });
  });

  test.each(['x.csv', 'x.json', 'md:x', 'postgres:x', 'q?a=1', "it's.duckdb", 'ünï'])(
    'a new file named %s is a database like any other',
    async (name) => {
      await withFolder(async (folder) => {
        const file = path.join(folder, name);
        const database = await openDatabase(file);
        await store(database, [event({})]);
        database.close();
        expect(await eventsIn(file)).toBe(1);
        expect(readdirSync(folder)).toEqual([name]);
      });
    },
  );

  test('a link leads to its file: rows, log and lock are where the file is', async () => {
    await withFolder(async (folder) => {
      mkdirSync(path.join(folder, 'far'));
      const [file, link] = [path.join(folder, 'far', 'x.duckdb'), path.join(folder, 'x.duckdb')];
      (await openDatabase(file)).close();
      symlinkSync(file, link);
      const database = await openDatabase(link);
      await expect(openDatabase(file)).rejects.toMatchObject({ code: 'database_open_here' });
      await store(database, [event({})]);
      expect(readdirSync(folder).sort()).toEqual(['far', 'x.duckdb']);
      database.close();
      expect(await eventsIn(file)).toBe(1);
    });
  });
});

describe('creation', () => {
  test('nobody but the owner may read the file', async () => {
    await withFolder(async (folder) => {
      const file = path.join(folder, 'x.duckdb');
      (await openDatabase(file)).close();
      expect(statSync(file).mode & 0o777).toBe(0o600);
    });
  });

  test.each([0, 512, 4_095, 4_096, 5_000, 8_192, 8_200, 12_287])(
    'a creation that was cut off after %i bytes is begun again',
    async (bytes) => {
      await withFolder(async (folder) => {
        const file = path.join(folder, 'x.duckdb');
        // The headers of a database that holds nothing yet.
        const { DuckDBInstance } = await import('@duckdb/node-api');
        (await DuckDBInstance.create(file)).closeSync();
        truncateSync(file, bytes);
        await expect(openDatabase(file, { readOnly: true })).rejects.toMatchObject({
          code: 'database_missing',
        });
        const database = await openDatabase(file);
        await store(database, [event({})]);
        database.close();
        expect(await eventsIn(file)).toBe(1);
      });
    },
  );

  test('a database that held rows and was cut to its headers is refused, not replaced', async () => {
    await withFolder(async (folder) => {
      const file = path.join(folder, 'x.duckdb');
      const database = await openDatabase(file);
      await store(database, [event({})]);
      database.close();
      truncateSync(file, 12_287);
      await expect(openDatabase(file)).rejects.toThrow();
      expect(statSync(file).size).toBe(12_287);
    });
  });

  test('parts of processes that ended are removed, those of living ones stay', async () => {
    await withFolder(async (folder) => {
      const ended = execFileSync(process.execPath, ['-p', 'process.pid'], {
        encoding: 'utf8',
      }).trim();
      const file = path.join(folder, 'x.duckdb');
      writeFileSync(`${file}.new-${ended}-0123abcd`, 'cut off');
      writeFileSync(`${file}.new-1-0123abcd`, 'at work');
      writeFileSync(`${file}.new-things.txt`, 'not ours');
      (await openDatabase(file)).close();
      expect(readdirSync(folder).sort()).toEqual([
        'x.duckdb',
        'x.duckdb.new-1-0123abcd',
        'x.duckdb.new-things.txt',
      ]);
    });
  });
});

describe('a file that goes away under the writer', () => {
  test.each(['deleted', 'replaced'])('stops it when it was %s', async (fate) => {
    await withFolder(async (folder) => {
      const file = path.join(folder, 'x.duckdb');
      const database = await openDatabase(file);
      await store(database, [event({})]);
      if (fate === 'deleted') unlinkSync(file);
      else {
        renameSync(file, `${file}.old`);
        writeFileSync(file, 'another');
      }
      await expect(store(database, [event({})])).rejects.toMatchObject({ code: 'database_lost' });
      database.close();
      rmSync(file, { force: true });
      expect(existsSync(file)).toBe(false);
    });
  });
});
