import { KeymeterError } from '../core/errors.ts';
import type { Database } from '../store/database.ts';
import type { Engine } from '../store/engine.ts';
import type { IngestSummary } from './summary.ts';

/**
 * Before a run says that it is done: the file is still there, and its ledger holds what the run
 * counted. Throws KeymeterError database_lost.
 */
export async function refuseUnkept(
  database: Database,
  engine: Engine,
  { run_id, objects_new, inserted }: IngestSummary,
): Promise<void> {
  database.refuseLost();
  const [kept] = await engine.rows(
    `SELECT count(*) AS objects, CAST(coalesce(sum(inserted), 0) AS BIGINT) AS inserted
     FROM ingest_objects WHERE run_id = $run_id`,
    { run_id },
  );
  if (kept?.['objects'] === objects_new && kept['inserted'] === inserted) return;
  throw new KeymeterError(
    'database_lost',
    `this run stored ${objects_new} objects with ${inserted} events, but the ledger of ${database.path} holds ${kept?.['objects']} with ${kept?.['inserted']}`,
    { fix: 'ingest the trail into a new file with --db, and report this fault' },
  );
}
