import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { EventBatch } from '../store/event-batch.ts';
import { readerName } from './fast/chosen-reader.ts';
import type { ReadTask } from './task.ts';

/** Worker threads that read, unzip and extract. None of them knows DuckDB. */
export class ReaderPool {
  readonly workers: number;
  readonly #piscina: Piscina;

  constructor(workers?: number) {
    // A worker that throws while it starts has no good way to say why.
    readerName(process.env);
    this.workers = workers ?? Math.max(1, Math.min(availableParallelism(), 16));
    this.#piscina = new Piscina({
      filename: workerFile(),
      minThreads: this.workers,
      maxThreads: this.workers,
      idleTimeout: 60_000,
    });
  }

  read(task: ReadTask): Promise<EventBatch> {
    return this.#piscina.run(task) as Promise<EventBatch>;
  }

  /** Waits for running tasks; what they return is dropped by the caller. */
  close(): Promise<void> {
    return this.#piscina.close({ force: true });
  }
}

/** Worker threads need JavaScript: from sources (tests) the built file is taken. */
function workerFile(): string {
  const built = fileURLToPath(new URL('./worker.js', import.meta.url));
  if (existsSync(built)) return built;
  return fileURLToPath(new URL('../dist/ingest/worker.js', import.meta.url));
}
