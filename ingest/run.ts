import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import { transferList, type EventBatch } from '../store/batch/event-batch.ts';
import type { Writer } from '../store/write/writer.ts';
import type { IngestOptions } from './ingest-options.ts';
import type { PlannedTask } from './plan-tasks.ts';
import type { ReaderPool } from './pool.ts';
import { readTaskOf } from './read-ahead.ts';
import { releaseAll } from './release.ts';
import { StopEarly } from './stop-early.ts';
import { addCounts, countClass, type IngestSummary } from './summary.ts';
import { group_age_ms, group_objects_default, group_rows } from './transaction-size.ts';

/** Results that wait for the writer at most, with their rows: the bound on memory. */
const waiting_max = { results: 256, rows: 131_072 };

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

interface RunOptions extends IngestOptions {
  /** Ids of the objects that are planned and not in the ledger yet. */
  underWay: Set<string>;
}

/** What the open transaction holds. */
interface Group {
  /** When the first of it was read, in milliseconds since the epoch. */
  since: number;
  rows: number;
  objects: number;
  results: { task: PlannedTask; batch: EventBatch }[];
  /** Objects that are to be tried again by a later run. */
  postponed: { task: PlannedTask; object: EventBatch['objects'][number] }[];
}

/** One run: tasks in flight, results that wait for the writer, and the writer's turns. */
export class Run {
  readonly #writer: Writer;
  readonly #pool: ReaderPool;
  readonly #summary: IngestSummary;
  readonly #options: RunOptions;
  readonly #ready: ReadResult[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #group_objects: number;
  readonly #early = new StopEarly();
  #inFlight = 0;
  #hasBegun = false;
  #listed = false;
  #failure: unknown = null;
  #group: Group | null = null;

  constructor(writer: Writer, pool: ReaderPool, summary: IngestSummary, options: RunOptions) {
    this.#writer = writer;
    this.#pool = pool;
    this.#summary = summary;
    this.#options = options;
    this.#group_objects = options.group_objects ?? group_objects_default;
  }

  /** Notes the run in the ledger; a quiet one does so when it has something to read. */
  async begin(): Promise<void> {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const { run_id, sources } = this.#summary;
    await this.#writer.execute(
      `INSERT INTO ingest_runs VALUES ($run_id, $source, make_timestamp(CAST($at AS BIGINT) * 1000), NULL, 'running', NULL)`,
      { run_id, source: sources.join(' '), at: Date.now() },
    );
  }

  async finish(): Promise<void> {
    if (!this.#hasBegun && this.#summary.problems.length === 0) return;
    await this.begin();
    const { run_id, status } = this.#summary;
    await this.#writer.execute(
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
        if (signal.aborted || this.#failure || this.#early.isStopped) break;
        await this.begin();
        this.#start(task);
        while (this.#isFull()) {
          await this.#changed();
          if (this.#failure || signal.aborted || this.#early.isStopped) break;
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

  /** Rows that wait for the writer. */
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

  /** The writer's loop: what was read is appended as it comes, and committed when that is due. */
  async #write(signal: AbortSignal): Promise<void> {
    try {
      while (!this.#failure && !signal.aborted) {
        const due_ms = this.#group ? this.#dueIn(this.#group) : null;
        const next = this.#ready[0];
        if (due_ms === 0) await this.#commit();
        else if (next) await this.#append(this.#ready.shift()!);
        else if (due_ms !== null)
          await Promise.race([this.#changed(), delay(due_ms, undefined, { ref: false })]);
        else if (this.#isAllRead()) return;
        else await this.#changed();
        this.#wakeAll();
      }
      if (this.#failure) await this.#writer.discard();
      else await this.#commit();
    } catch (error) {
      this.#failure ??= error;
      this.#wakeAll();
    }
  }

  #isAllRead(): boolean {
    return this.#listed && this.#inFlight === 0 && this.#ready.length === 0;
  }

  /** Milliseconds until the open group is to be committed. */
  #dueIn({ rows, objects, since }: Group): number {
    const isFull = rows >= group_rows || objects >= this.#group_objects;
    if (isFull || this.#writer.isPressed || this.#isAllRead()) return 0;
    return Math.max(0, since + group_age_ms - Date.now());
  }

  async #append({ task, batch, ready_at }: ReadResult): Promise<void> {
    const summary = this.#summary;
    const group = (this.#group ??= {
      since: ready_at,
      rows: 0,
      objects: 0,
      results: [],
      postponed: [],
    });
    for (const object of batch.objects) {
      const listed = task.listed[object.task_index]!;
      summary.bytes_read += listed.size_bytes;
      summary.content_bytes += object.content_bytes;
      if (object.error_class) countClass(summary.classes, object.error_class);
      if (object.status === 'transient') group.postponed.push({ task, object });
      const stop = this.#early.look(listed, object);
      if (stop) summary.problems.push(stop);
    }
    for (const reject of batch.rejects) countClass(summary.classes, reject.error_class);
    const settled = batch.objects.filter((object) => object.status !== 'transient');
    group.rows += rowsOf(batch);
    group.results.push({ task, batch });
    group.objects += batch.objects.length;
    // Without an object too: what its dictionaries got is used by later batches.
    await this.#writer.add({ objects: task.ledger, batch: { ...batch, objects: settled } });
  }

  async #commit(): Promise<void> {
    if (!this.#group) return;
    const { results, postponed } = this.#group;
    this.#group = null;
    addCounts(this.#summary, await this.#writer.finish(this.#summary.run_id));
    for (const { task, batch } of results) {
      for (const { object_id } of task.ledger) this.#options.underWay.delete(object_id);
      releaseAll(transferList(batch));
    }
    for (const { task, object } of postponed) await this.#postpone(task, object);
    this.#options.onProgress?.(this.#summary);
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
