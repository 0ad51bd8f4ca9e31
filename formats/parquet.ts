import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonRow } from '../store/engine.ts';
import { writeParquet } from '../store/parquet.ts';

/** Rows as the bytes of a Parquet file. It takes a file on the way, in a folder of its own. */
export async function parquetOf(
  columns: readonly string[],
  rows: readonly JsonRow[],
): Promise<Uint8Array<ArrayBuffer>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'keymeter-answer-'));
  try {
    const file = path.join(folder, 'rows.parquet');
    const whole = rows.map((row) =>
      Object.fromEntries(columns.map((column) => [column, row[column] ?? null])),
    );
    await writeParquet(file, columns, whole);
    return new Uint8Array(readFileSync(file));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
