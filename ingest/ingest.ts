import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { messageOf } from '../core/errors.ts';
import type { Database } from '../store/database.ts';
import type { Engine } from '../store/engine.ts';
import { engineOver } from '../store/open-engine.ts';
import { refuseFatal, refuseWhole } from '../store/fatal.ts';
import { knownObjects, ledgerId } from '../store/ledger.ts';
import { Writer } from '../store/write/writer.ts';
import type { IngestOptions } from './ingest-options.ts';
import { planTasks, type LookUp } from './plan-tasks.ts';
import { ReaderPool } from './pool.ts';
import { rederiveIfOlder } from './rederive.ts';
import { rulesVersion } from './rules/rules-version.ts';
import { refuseUnkept } from './refuse-unkept.ts';
import { Run } from './run.ts';
import type { Source } from './sources/source.ts';
import { emptySummary, type IngestSummary } from './summary.ts';

/** DuckDB's threads while the readers have the cores. */
const writer_threads = Math.max(1, Math.floor(availableParallelism() / 4));

/**
 * Ingests all sources into the database. Workers read; this thread alone writes, many objects a
 * transaction. Results that wait for the writer hold the next tasks back, so memory is bounded by
 * (tasks in flight) x (task). Rejects only when the database can no longer be written.
 */
export function ingest(
  database: Database,
  sources: readonly Source[],
  options: IngestOptions = {},
): Promise<IngestSummary> {
  const { alone = false } = options;
  return database.whileIngesting({ threads: writer_threads, alone }, () =>
    ingestAll(database, sources, options),
  );
}

async function ingestAll(
  database: Database,
  sources: readonly Source[],
  options: IngestOptions,
): Promise<IngestSummary> {
  const started = Date.now();
  const summary = emptySummary(
    randomUUID(),
    sources.map((source) => source.description),
  );
  const signal = options.signal ?? new AbortController().signal;
  const pool = options.readers ?? new ReaderPool(options.workers, options);
  const engine = engineOver(database, { connections: 1 });
  let writer: Writer | undefined;
  try {
    writer = await Writer.open(database);
    if (writer.isFirst) await noteRules(writer);
    else await rederiveIfOlder(database, options.onRederive);
    const underWay = new Set<string>();
    const run = new Run(writer, pool, summary, { ...options, underWay });
    if (!options.quiet) await run.begin();
    // A first run knows no object but those that it lists itself, and a walk lists none twice.
    const isNew = writer.isFirst && sources.length === 1 && sources[0]!.reader.source === 'local';
    const lookUp: LookUp = async (ids) => (isNew ? new Map() : knownObjects(engine, ids));
    const plan = planTasks(sources, options.filter ?? {}, lookUp, summary, {
      retryDead: options.retryDead ?? false,
      signal,
      underWay,
    });
    const renewals = sources.map(renewing);
    try {
      await run.consume(plan, signal);
    } finally {
      for (const timer of renewals) clearInterval(timer);
    }
    for (const source of sources) await acknowledge(source, engine, summary);
    // Nothing is read any more: the threads end beside the writer's last work.
    void pool.close();
    const folded = await writer.fold(options.quiet ?? false);
    await refuseUnkept(database, engine, summary);
    summary.status = signal.aborted ? 'interrupted' : isPartial(summary) ? 'partial' : 'done';
    summary.elapsed_ms = Date.now() - started;
    await run.finish();
    if (folded) await writer.checkpoint();
    return summary;
  } catch (error) {
    refuseFatal(error);
    refuseWhole(error);
    throw error;
  } finally {
    await pool.close();
    writer?.close();
    engine.close();
  }
}

/** Tells a source again and again that the work on what it listed goes on. */
function renewing(source: Source): NodeJS.Timeout | undefined {
  if (!source.renew || !source.renew_every_ms) return undefined;
  // A renewal that fails lets the objects come again, which the ledger knows.
  return setInterval(() => void source.renew!().catch(() => undefined), source.renew_every_ms);
}

/** Tells a source what is committed. A source that does not hear it lists the same again. */
async function acknowledge(source: Source, engine: Engine, summary: IngestSummary): Promise<void> {
  try {
    await source.acknowledge?.(async (objects) => {
      const ids = objects.map((object) => ledgerId(object));
      const known = await knownObjects(engine, ids);
      return ids.map((id) => known.has(id));
    });
  } catch (error) {
    const place = source.description;
    summary.problems.push({ problem: 'failed', place, message: messageOf(error) });
  }
}

/** What a new database will hold is derived by the rules of now. */
function noteRules(writer: Writer): Promise<void> {
  return writer.execute(
    "INSERT OR REPLACE INTO store_state VALUES ('rules_version', CAST($version AS VARCHAR))",
    { version: rulesVersion },
  );
}

const isPartial = (summary: IngestSummary) =>
  summary.objects_pending > 0 || summary.objects_unread > 0 || summary.problems.length > 0;
