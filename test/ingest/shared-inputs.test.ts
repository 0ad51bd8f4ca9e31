import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import type { Source } from '../../ingest/sources/source.ts';
import { openDatabase } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { S3Double } from '../support/s3-double.ts';
import { sharedData, sharedFile } from '../support/shared-data.ts';

/** What the right answer of a case says of its counts; where there are two, the first. */
interface Right {
  records_total?: number;
  kms_events?: number;
  not_kms?: number;
  rejected?: number;
  either?: Right | string;
}

/** Cases that are named and not read, with their class. */
const named: Record<string, { status: string; error_class: string }> = {
  'event-history-csv': { status: 'skipped', error_class: 'event_history_csv' },
  'tar-gz': { status: 'dead', error_class: 'archive' },
  zip: { status: 'dead', error_class: 'archive' },
};

type Shape = 'as they are' | 'gzipped' | 'plain';
const isGzip = (bytes: Buffer) => bytes[0] === 0x1f && bytes[1] === 0x8b;

function shaped(bytes: Buffer, shape: Shape): Buffer {
  if (shape === 'gzipped') return isGzip(bytes) ? bytes : gzipSync(bytes);
  return shape === 'plain' && isGzip(bytes) ? gunzipSync(bytes) : bytes;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

describe.skipIf(!sharedData)('the inputs that people have', () => {
  const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-inputs-'));
  const cases = sharedData ? readdirSync(sharedFile('inputs')) : [];
  const folders = new Map<Shape, string>();
  let s3: S3Double;

  beforeAll(async () => {
    s3 = await S3Double.start();
    for (const shape of ['as they are', 'gzipped', 'plain'] as const) {
      const folder = path.join(scratch, shape);
      for (const name of cases) {
        cpSync(sharedFile('inputs', name, 'input'), path.join(folder, name), { recursive: true });
      }
      for (const file of filesBelow(folder)) {
        writeFileSync(file, shaped(readFileSync(file), shape));
        s3.put(shape.replaceAll(' ', '-'), path.relative(folder, file), readFileSync(file));
      }
      folders.set(shape, folder);
    }
  });
  afterAll(async () => {
    await s3.stop();
    rmSync(scratch, { recursive: true });
  });

  const sources: [string, (shape: Shape) => Promise<Source[]>][] = [
    ['as a directory', async (shape) => [await openSource(folders.get(shape)!)]],
    [
      'as named files',
      async (shape) =>
        Promise.all(filesBelow(folders.get(shape)!).map(async (file) => openSource(file))),
    ],
    [
      'through S3',
      async (shape) => [
        await openSource(`s3://${shape.replaceAll(' ', '-')}`, {
          endpoint: s3.endpoint,
          region: 'us-east-1',
          pathStyle: true,
          anonymous: true,
        }),
      ],
    ],
  ];
  const shapes: Shape[] = ['as they are', 'gzipped', 'plain'];
  const runs = sources.flatMap(([place, open]) =>
    shapes.flatMap((shape) =>
      ['fast', 'plain'].map((reader) => ({ place, shape, reader, open: () => open(shape) })),
    ),
  );

  test.each(runs)('$shape, $place, with the $reader reader', async ({ reader, open }) => {
    vi.stubEnv('KEYMETER_READER', reader);
    const database = await openDatabase(':memory:');
    const engine = new DuckDbEngine(database, { connections: 1 });
    try {
      const summary = await ingest(database, await open(), { workers: 1 });
      expect(summary).toMatchObject({ status: 'partial', objects_unread: 3, rejected: 0 });
      const rows = await engine.rows('SELECT * FROM ingest_objects');
      expect(rows).toHaveLength(cases.length);
      for (const name of cases) {
        const row = rows.find(({ key }) => String(key).split(path.sep).includes(name))!;
        if (named[name]) {
          expect([name, row['status'], row['error_class']]).toEqual([
            name,
            named[name].status,
            named[name].error_class,
          ]);
          continue;
        }
        const expected = JSON.parse(
          readFileSync(sharedFile('inputs', name, 'expected.json'), 'utf8'),
        ) as {
          right: Right;
        };
        const { either, ...itself } = expected.right;
        const right = typeof either === 'object' ? either : itself;
        const { records_total, non_kms, inserted, duplicate, rejected } = row;
        const kms = Number(inserted) + Number(duplicate);
        expect([name, row['status'], kms, rejected, row['foreign_values']]).toEqual([
          name,
          'ok',
          right.kms_events ?? kms,
          0,
          0,
        ]);
        if (right.not_kms !== undefined) expect([name, non_kms]).toEqual([name, right.not_kms]);
        if (right.records_total !== undefined) {
          expect([name, records_total]).toEqual([name, right.records_total]);
        }
      }
    } finally {
      vi.unstubAllEnvs();
      engine.close();
      database.close();
    }
  });
});
