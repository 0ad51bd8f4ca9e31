import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { KeymeterError, messageOf } from '../core/errors.ts';
import type { DictionaryDelta, EventBatch } from '../store/batch/event-batch.ts';
import { readerName } from './fast/chosen-reader.ts';
import type { ListedObject } from './sources/source.ts';
import { unreadableBatch, type ReadTask } from './task.ts';
import type { ReaderSettings, WorkerLoaded } from './worker.ts';

/**
 * Heap of one worker. A log of the largest size that is read takes half of it on the slow way; what
 * needs more is made to need it, and the worker's end is better than the machine's.
 */
const heap_mb_default = 2_048;

/** Objects that break their reader before it is the reader, or the machine, that is broken. */
const failures_max = 100;

/** A worker that takes longer to load hangs. */
const load_ms_max = 30_000;

interface PoolOptions extends ReaderSettings {
  /** For tests of workers that fail, as is `heap_mb`. */
  file?: string;
  heap_mb?: number;
}

/** Worker threads that read, unzip and extract. None of them knows DuckDB. */
export class ReaderPool {
  readonly workers: number;
  readonly #piscina: Piscina;
  readonly #loaded = new Set<number>();
  readonly #ahead = new Map<string, Promise<EventBatch[]>>();
  /** By dictionary: what came with batches that are not handed over yet. */
  readonly #deltas = new Map<string, DictionaryDelta[]>();
  #failures = 0;
  #closing: Promise<void> | undefined;

  constructor(workers?: number, options: PoolOptions = {}) {
    // A worker that throws while it starts has no good way to say why.
    readerName(process.env);
    this.workers = workers ?? Math.max(1, Math.min(availableParallelism(), 16));
    this.#piscina = new Piscina({
      filename: options.file ?? workerFile(),
      minThreads: 0,
      maxThreads: this.workers,
      idleTimeout: 60_000,
      workerData: { related_groups: options.related_groups } satisfies ReaderSettings,
      resourceLimits: { maxOldGenerationSizeMb: options.heap_mb ?? heap_mb_default },
    });
    this.#piscina.on('message', ({ loaded }: WorkerLoaded) => this.#loaded.add(loaded));
  }

  /**
   * The task's batch, or when its worker ends (out of memory) or throws, a batch of each object by
   * itself: one that fails alone too is dead, and the others are kept. Rejects when the pool is closed.
   */
  async read(task: ReadTask): Promise<EventBatch[]> {
    const key = this.#ahead.size > 0 ? keyOf(task) : '';
    const ahead = this.#ahead.get(key);
    this.#ahead.delete(key);
    const batches = await (ahead ?? this.#read(task));
    return batches.map((batch) => this.#handedOver(batch));
  }

  /**
   * Begins to read what is likely to be asked for: read() of the very same task then gives this result.
   * Each holds a batch in memory until then.
   */
  readAhead(task: ReadTask): void {
    const reading = this.#read(task);
    // Whoever asks for it hears of its failure.
    reading.catch(() => undefined);
    this.#ahead.set(keyOf(task), reading);
  }

  async #read(task: ReadTask): Promise<EventBatch[]> {
    try {
      return [await this.#run(task)];
    } catch (error) {
      this.#refuseIfClosed(error);
    }
    const batches: EventBatch[] = [];
    for (const object of task.objects) batches.push(await this.#readAlone(task, object));
    return batches;
  }

  /**
   * Ends the workers: what they are reading is read again by the next run. One that is still loading is
   * waited for: Node aborts the whole process when a thread is ended while it requires an ES module, as
   * piscina does (v8::Module::IsGraphAsync must be used on an instantiated module).
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#end());
  }

  async #end(): Promise<void> {
    const latest = Date.now() + load_ms_max;
    while (this.#isLoading() && Date.now() < latest) await delay(5);
    await this.#piscina.destroy();
  }

  /** Threads that have ended have the number -1. */
  #isLoading(): boolean {
    return this.#piscina.threads.some(
      ({ threadId }) => threadId > 0 && !this.#loaded.has(threadId),
    );
  }

  async #readAlone(task: ReadTask, object: ListedObject): Promise<EventBatch> {
    const alone = { ...task, objects: [object] };
    try {
      return await this.#run(alone);
    } catch (error) {
      this.#refuseIfClosed(error);
      if (++this.#failures > failures_max) throw tooManyFailures(error);
      return unreadableBatch(alone, error);
    }
  }

  async #run(task: ReadTask): Promise<EventBatch> {
    const batch = (await this.#piscina.run(task)) as EventBatch;
    const { dictionary, deltas } = batch;
    this.#deltas.set(dictionary, [...(this.#deltas.get(dictionary) ?? []), ...deltas]);
    return batch;
  }

  /**
   * A batch is handed over with all that its worker's dictionaries got so far: those before it may be asked for
   * later, as what is read ahead, or never.
   */
  #handedOver(batch: EventBatch): EventBatch {
    const deltas = this.#deltas.get(batch.dictionary) ?? [];
    this.#deltas.delete(batch.dictionary);
    return { ...batch, deltas };
  }

  #refuseIfClosed(error: unknown): void {
    if (this.#closing) throw error;
  }
}

/** A task is the same when all that it says is. */
const keyOf = (task: ReadTask) => JSON.stringify(task);

function tooManyFailures(error: unknown): KeymeterError {
  const message = `the readers failed on ${failures_max + 1} objects, at last with: ${messageOf(error)}`;
  return new KeymeterError('readers_failing', message, {
    fix: 'give the machine more memory, use fewer --workers, or lower --max-object-bytes',
    cause: error,
  });
}

/** Worker threads need JavaScript: from sources (tests) the built file is taken. */
function workerFile(): string {
  const built = fileURLToPath(new URL('./worker.cjs', import.meta.url));
  if (existsSync(built)) return built;
  return fileURLToPath(new URL('../dist/ingest/worker.cjs', import.meta.url));
}
