import { LocalReader } from '../../ingest/sources/local-reader.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import type { ListedObject } from '../../ingest/sources/source.ts';
import { readTask } from '../../ingest/task.ts';
import { openDatabase } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { ledgerId } from '../../store/ledger.ts';
import { Writer } from '../../store/write/writer.ts';

/** A fresh in-memory database that holds a trail's logs with all related events, for the time of `use`. */
export async function withTrail<T>(
  directory: string,
  use: (engine: DuckDbEngine) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(':memory:');
  const engine = new DuckDbEngine(database);
  const writer = await Writer.open(database);
  const reader = new LocalReader();
  try {
    const source = await openSource(directory);
    const listed: ListedObject[] = [];
    for await (const entry of source.list({}, new AbortController().signal)) {
      if ('version' in entry) listed.push(entry);
    }
    for (let i = 0; i < listed.length; i += 500) {
      const objects = listed.slice(i, i + 500);
      const task = { reader: source.reader, objects, content_bytes_max: 1e9 };
      const batch = await readTask(task, reader);
      const ledger = objects.map((object) => ({
        ...object,
        object_id: ledgerId(object),
        attempts: 0,
      }));
      await writer.commit([{ batch, objects: ledger }], 'test-run');
    }
    await writer.fold();
    return await use(engine);
  } finally {
    writer.close();
    engine.close();
    database.close();
  }
}
