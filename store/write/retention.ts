import type { Database } from '../database.ts';
import { raiseDataVersion } from '../data-version.ts';
import { refuseFatal } from '../fatal.ts';

/** Tables of rows by time, with the column that says when. The ledger is kept for ever. */
const timed: readonly [table: string, column: string][] = [
  ['events', 'event_time'],
  ['related', 'event_time'],
  ['call_seconds', 'second'],
  ['shared_actions', 'event_time'],
];
/** Dimensions whose rows go with the last row that names them. */
const dimensions: readonly [table: string, number: string, from: string][] = [
  ['calls', 'call_no', 'events'],
  ['identities', 'identity_no', 'events'],
  ['clients', 'client_no', 'events'],
  ['keys', 'key_no', 'events'],
  ['actions', 'action_no', 'related'],
];

export interface Dropped {
  /** Rows of `events` that are gone. */
  events: number;
  /** Everything before this instant is dropped, now and before; ISO. */
  kept_from: string;
}

/**
 * Drops all rows of days before `cutoff` (its UTC day stays whole) in one transaction, and gives the space
 * back to the file. No writer may be open. Objects stay in the ledger, so nothing is read again.
 */
export async function dropDaysBefore(database: Database, cutoff: Date): Promise<Dropped> {
  const day = cutoff.toISOString().slice(0, 10);
  const connection = await database.connect();
  const count = async (sql: string) =>
    Number((await connection.runAndReadAll(sql)).getRows()[0]?.[0] ?? 0);
  try {
    const before = `TIMESTAMP '${day} 00:00:00'`;
    const events = await count(`SELECT count(*) FROM events WHERE event_time < ${before}`);
    const related = await count(`SELECT count(*) FROM related WHERE event_time < ${before}`);
    const kept_from = `${day}T00:00:00Z`;
    if (events + related === 0) return { events: 0, kept_from };
    await connection.run('BEGIN');
    try {
      for (const [table, column] of timed) {
        await connection.run(`DELETE FROM ${table} WHERE ${column} < ${before}`);
      }
      for (const [table, number, from] of dimensions) {
        await connection.run(
          `DELETE FROM ${table} WHERE ${number} NOT IN (SELECT ${number} FROM ${from})`,
        );
      }
      await connection.run(
        `INSERT OR REPLACE INTO store_state VALUES ('kept_from', '${kept_from}')`,
      );
      const version = await raiseDataVersion(connection);
      // Throws when the transaction is aborted: COMMIT would then discard everything in silence.
      await connection.runAndReadAll("SELECT value FROM store_state WHERE name = 'kept_from'");
      await connection.run('COMMIT');
      database.dataVersion = version;
    } catch (error) {
      await connection.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
    // Refused while a query runs; the next one does it.
    await connection.run('CHECKPOINT').catch(() => undefined);
    return { events, kept_from };
  } catch (error) {
    refuseFatal(error);
    throw error;
  } finally {
    connection.closeSync();
  }
}
