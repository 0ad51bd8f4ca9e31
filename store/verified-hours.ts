import type { DuckDBConnection } from '@duckdb/node-api';
import { textColumn } from './batch/batch-encoder.ts';
import { appendColumns } from './write/chunk-append.ts';
import { raiseDataVersion } from './data-version.ts';
import type { Database } from './database.ts';
import { instants, integers } from './write/ledger-columns.ts';

/** What verification says of one digest period, or of a stretch without a digest. */
export interface VerifiedHour {
  trail: string;
  chain: 'standard' | 'backfill';
  /** Milliseconds since the epoch, half-open. */
  hour_from: number;
  hour_to: number;
  status: 'whole' | 'empty' | 'broken' | 'not_verifiable' | 'no_digest';
  log_files: number;
  /** Empty without a digest. */
  digest_key: string;
}

/** The verified part of one account and Region. */
export interface VerifiedScope {
  account_id: string;
  region: string;
  /** Milliseconds since the epoch, half-open. */
  from: number;
  to: number;
}

export interface VerifyRun {
  run_id: string;
  verified_at: Date;
}

/**
 * A run may meet the same account and Region under two prefixes of a bucket: what it wrote itself
 * stays. `$from` and `$to` are microseconds.
 */
const replacedSql = `account_id = $account_id AND region = $region AND run_id <> $run_id
  AND hour_from < make_timestamp(CAST($to AS BIGINT)) AND hour_to > make_timestamp(CAST($from AS BIGINT))`;

const columnsSql = `account_id, region, trail, chain, hour_from, hour_to, status, log_files, digest_key,
  verified_at, run_id`;

/** What an old stretch without digests says of the time outside the range still holds. */
const remaindersSql = [
  ['hour_from', 'make_timestamp(CAST($from AS BIGINT))'],
  ['make_timestamp(CAST($to AS BIGINT))', 'hour_to'],
].map(
  ([from, to]) => `
  INSERT INTO verified_hours (${columnsSql})
  SELECT account_id, region, trail, chain, ${from}, ${to}, status, log_files, digest_key, verified_at,
    run_id
  FROM verified_hours WHERE status = 'no_digest' AND ${from} < ${to} AND ${replacedSql}`,
);

/** Writes verdicts on digest periods, an account and Region at a time. Owns one connection. */
export class VerifiedHours {
  readonly #database: Database;
  readonly #connection: DuckDBConnection;
  readonly #run: VerifyRun;

  private constructor(database: Database, connection: DuckDBConnection, run: VerifyRun) {
    this.#database = database;
    this.#connection = connection;
    this.#run = run;
  }

  static async open(database: Database, run: VerifyRun): Promise<VerifiedHours> {
    return new VerifiedHours(database, await database.connect(), run);
  }

  close(): void {
    this.#connection.closeSync();
  }

  /**
   * Puts these rows in the place of those that earlier runs wrote for the account and Region inside
   * the range, in one transaction. The range is widened to whole periods, so that a period that the
   * range cuts is not there twice.
   */
  async replace(scope: VerifiedScope, hours: readonly VerifiedHour[]): Promise<void> {
    const { account_id, region } = scope;
    const from = hours.reduce((least, hour) => Math.min(least, hour.hour_from), scope.from);
    const to = hours.reduce((most, hour) => Math.max(most, hour.hour_to), scope.to);
    const { run_id } = this.#run;
    const bound = { account_id, region, run_id, from: micros(from), to: micros(to) };
    const connection = this.#connection;
    await connection.run('BEGIN');
    try {
      for (const sql of remaindersSql) await connection.run(sql, bound);
      // The remainders end and begin at the range: they do not meet it.
      await connection.run(`DELETE FROM verified_hours WHERE ${replacedSql}`, bound);
      await this.#append(scope, hours);
      // Answers that rest on these rows are new: their ETags too.
      const data_version = await raiseDataVersion(connection);
      await connection.run('COMMIT');
      this.#database.dataVersion = data_version;
    } catch (error) {
      await connection.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  #append(scope: VerifiedScope, hours: readonly VerifiedHour[]): Promise<void> {
    const { run_id, verified_at } = this.#run;
    const same = (text: string) => textColumn(hours.map(() => text));
    const columns = [
      same(scope.account_id),
      same(scope.region),
      textColumn(hours.map((hour) => hour.trail)),
      textColumn(hours.map((hour) => hour.chain)),
      instants(
        hours.map((hour) => hour.hour_from),
        1_000,
      ),
      instants(
        hours.map((hour) => hour.hour_to),
        1_000,
      ),
      textColumn(hours.map((hour) => hour.status)),
      integers(hours.map((hour) => hour.log_files)),
      textColumn(hours.map((hour) => hour.digest_key)),
      instants(
        hours.map(() => verified_at.getTime()),
        1_000,
      ),
      same(run_id),
    ];
    return appendColumns(this.#connection, 'verified_hours', columns, hours.length);
  }
}

const micros = (milliseconds: number) => BigInt(milliseconds) * 1000n;
