import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import type { Database } from '../store/database.ts';
import { DuckDbEngine } from '../store/engine.ts';
import type { EventBatch } from '../store/event-batch.ts';
import { refuseFatal } from '../store/fatal.ts';
import { knownObjects } from '../store/ledger.ts';
import { Writer, type GroupItem } from '../store/writer.ts';
import { planTasks, type LookUp, type PlannedTask } from './plan-tasks.ts';
import { ReaderPool } from './pool.ts';
import { readTaskOf } from './read-ahead.ts';
import type { ListFilter, Source } from './sources/source.ts';
import { addCounts, countClass, emptySummary, type IngestSummary } from './summary.ts';
import { group_age_ms, group_objects_default, group_rows } from './transaction-size.ts';

export interface IngestOptions {
  filter?: ListFilter;
  workers?: number;
  /** Readers made before, so that they load while the database is opened; the run closes them. */
  readers?: ReaderPool | undefined;
  /** Uncompressed bytes of one object at most. */
  content_bytes_max?: number;
  /** Groups of events of other services to keep; absent: as relatedGroupsOf says. */
  related_groups?: readonly string[];
  /** Try dead objects again. */
  retryDead?: boolean;
  /** A transaction is made at this many objects, if not before for its rows or its age. */
  group_objects?: number;
  /** Ends the run after the open transaction. */
  signal?: AbortSignal;
  /** Called after each commit with the summary so far. */
  onProgress?: (summary: Readonly<IngestSummary>) => void;
}

/** Results that wait for the writer at most, with their rows: the bound on memory. */
const waiting_max = { results: 256, rows: 2 * group_rows };

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
  return database.withThreads(writer_threads, () => ingestAll(database, sources, options));
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
  const engine = new DuckDbEngine(database, { connections: 1 });
  let writer: Writer | undefined;
  try {
    writer = await Writer.open(database);
    const run = new Run(writer, pool, summary, options);
    await run.begin();
    const lookUp: LookUp = (ids) => knownObjects(engine, ids);
    const plan = planTasks(sources, options.filter ?? {}, lookUp, summary, {
      retryDead: options.retryDead ?? false,
      signal,
    });
    await run.consume(plan, signal);
    // Nothing is read any more: the threads end beside the writer's last work.
    void pool.close();
    const folded = await writer.fold();
    summary.status = signal.aborted ? 'interrupted' : isPartial(summary) ? 'partial' : 'done';
    summary.elapsed_ms = Date.now() - started;
    await run.finish();
    if (folded) await writer.checkpoint();
    return summary;
  } catch (error) {
    refuseFatal(error);
    throw error;
  } finally {
    await pool.close();
    writer?.close();
    engine.close();
  }
}

const isPartial = (summary: IngestSummary) =>
  summary.objects_pending > 0 || summary.objects_dead > 0 || summary.problems.length > 0;

interface ReadResult {
  task: PlannedTask;
  batch: EventBatch;
  /** Milliseconds since the epoch. */
  ready_at: number;
}

const rowsOf = ({ events, related }: EventBatch) => events.rowCount + related.rowCount;

/** One batch of the whole task, or one of each of its objects. */
function resultsOf(task: PlannedTask, batches: readonly EventBatch[]): ReadResult[] {
  const ready_at = Date.now();
  const [batch] = batches;
  if (batch && batches.length === 1) return [{ task, batch, ready_at }];
  return batches.map((single, i) => ({
    task: { ...task, listed: [task.listed[i]!], ledger: [task.ledger[i]!] },
    batch: single,
    ready_at,
  }));
}

/** One run: tasks in flight, results that wait for the writer, and the writer's turns. */
class Run {
  readonly #writer: Writer;
  readonly #pool: ReaderPool;
  readonly #summary: IngestSummary;
  readonly #options: IngestOptions;
  readonly #ready: ReadResult[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #group_objects: number;
  #inFlight = 0;
  #listed = false;
  #failure: unknown = null;

  constructor(writer: Writer, pool: ReaderPool, summary: IngestSummary, options: IngestOptions) {
    this.#writer = writer;
    this.#pool = pool;
    this.#summary = summary;
    this.#options = options;
    this.#group_objects = options.group_objects ?? group_objects_default;
  }

  begin(): Promise<void> {
    const { run_id, sources } = this.#summary;
    return this.#writer.execute(
      `INSERT INTO ingest_runs VALUES ($run_id, $source, make_timestamp(CAST($at AS BIGINT) * 1000), NULL, 'running', NULL)`,
      { run_id, source: sources.join(' '), at: Date.now() },
    );
  }

  finish(): Promise<void> {
    const { run_id, status } = this.#summary;
    return this.#writer.execute(
      `UPDATE ingest_runs SET finished_at = make_timestamp(CAST($at AS BIGINT) * 1000), status = $status,
         summary = $summary WHERE run_id = $run_id`,
      { run_id, status, summary: JSON.stringify(this.#summary), at: Date.now() },
    );
  }

  /** Feeds the pool from the plan and the writer from the pool until both are done. */
  async consume(plan: AsyncGenerator<PlannedTask>, signal: AbortSignal): Promise<void> {
    const writing = this.#write(signal);
    signal.addEventListener('abort', () => this.#wakeAll(), { once: true });
    try {
      for await (const task of plan) {
        if (signal.aborted || this.#failure) break;
        this.#start(task);
        while (this.#isFull()) {
          await this.#changed();
          if (this.#failure || signal.aborted) break;
        }
      }
    } catch (error) {
      if (!signal.aborted) this.#failure ??= error;
    }
    this.#listed = true;
    this.#wakeAll();
    await writing;
    if (this.#failure) throw this.#failure;
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wakeAll(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Back-pressure: tasks being read, and results that wait with their rows, are bounded. */
  #isFull(): boolean {
    return (
      this.#inFlight >= this.#pool.workers * 2 ||
      this.#ready.length >= waiting_max.results ||
      this.#readyRows() >= waiting_max.rows
    );
  }

  #readyRows(): number {
    return this.#ready.reduce((rows, { batch }) => rows + rowsOf(batch), 0);
  }

  #start(task: PlannedTask): void {
    this.#inFlight++;
    this.#pool
      .read(readTaskOf(task, this.#options))
      .then((batches) => this.#ready.push(...resultsOf(task, batches)))
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#inFlight--;
        this.#wakeAll();
      });
  }

  /** The writer's loop: what is ready and worth a transaction goes into one. */
  async #write(signal: AbortSignal): Promise<void> {
    for (;;) {
      if (this.#failure || signal.aborted) return;
      const wait_ms = this.#waitForGroup();
      if (wait_ms === null) {
        if (this.#listed && this.#inFlight === 0) return;
        await this.#changed();
      } else if (wait_ms > 0) {
        await Promise.race([this.#changed(), delay(wait_ms, undefined, { ref: false })]);
      } else {
        await this.#commit(this.#takeGroup()).catch((error: unknown) => {
          this.#failure ??= error;
        });
        this.#wakeAll();
      }
    }
  }

  /** Milliseconds until what is ready is due; null when nothing is ready. */
  #waitForGroup(): number | null {
    const [oldest] = this.#ready;
    if (!oldest) return null;
    const objects = this.#ready.reduce((sum, result) => sum + result.batch.objects.length, 0);
    const last = this.#listed && this.#inFlight === 0;
    if (last || this.#readyRows() >= group_rows || objects >= this.#group_objects) return 0;
    return Math.max(0, oldest.ready_at + group_age_ms - Date.now());
  }

  #takeGroup(): ReadResult[] {
    const group: ReadResult[] = [];
    let rows = 0;
    let objects = 0;
    while (this.#ready.length > 0 && rows < group_rows && objects < this.#group_objects) {
      const result = this.#ready.shift()!;
      rows += rowsOf(result.batch);
      objects += result.batch.objects.length;
      group.push(result);
    }
    return group;
  }

  async #commit(group: readonly ReadResult[]): Promise<void> {
    const summary = this.#summary;
    const items: GroupItem[] = [];
    for (const { task, batch } of group) {
      for (const object of batch.objects) {
        const listed = task.listed[object.task_index]!;
        summary.bytes_read += listed.size_bytes;
        summary.content_bytes += object.content_bytes;
        if (object.error_class) countClass(summary.classes, object.error_class);
        if (object.status === 'transient') await this.#postpone(task, object);
      }
      for (const reject of batch.rejects) countClass(summary.classes, reject.error_class);
      const settled = batch.objects.filter((object) => object.status !== 'transient');
      items.push({ objects: task.ledger, batch: { ...batch, objects: settled } });
    }
    addCounts(summary, await this.#writer.commit(items, summary.run_id));
    this.#options.onProgress?.(summary);
  }

  /** A transient failure gets no terminal status: it is noted, and the next run tries again. */
  async #postpone(task: PlannedTask, object: EventBatch['objects'][number]): Promise<void> {
    const { object_id, bucket, key } = task.ledger[object.task_index]!;
    this.#summary.objects_pending++;
    await this.#writer.execute(
      `INSERT INTO ingest_retries VALUES (CAST($object_id AS UUID), $bucket, $key, $class, $detail, 1, $run_id)
       ON CONFLICT (object_id) DO UPDATE SET attempts = attempts + 1, error_class = excluded.error_class,
         error_detail = excluded.error_detail, last_run_id = excluded.last_run_id`,
      {
        object_id,
        bucket,
        key,
        class: object.error_class,
        detail: messageOf(object.error_detail),
        run_id: this.#summary.run_id,
      },
    );
  }
}
