import { randomUUID } from 'node:crypto';
import { problemOf, type ProblemError } from './problems.ts';

/** What an answer is being computed by, as clients see it. */
export interface JobStatus {
  id: string;
  analysis: string;
  state: 'queued' | 'running' | 'done' | 'failed';
  /** 0 to 1, by how long the same analysis took before; 0 while that is not known. */
  progress: number;
  /** Null when the analysis was never answered before. */
  seconds_left: number | null;
  /** Seconds since it was asked for. */
  seconds: number;
  /** Why it failed. */
  error: { code: string; detail: string; fix: string } | null;
}

export interface JobOptions {
  analysis: string;
  /** Milliseconds that it took the last time; undefined when that is not known. */
  expected_ms: number | undefined;
  /** Computed to its end, also when nobody waits. */
  always: boolean;
}

/** Work at a time; the engine has as many connections for it. */
const running_max = 4;
/** Of these, work that is known to take long, so that quick questions are not held up by it. */
const long_running_max = 2;
const long_ms = 1_000;
/** A job that nobody waits for and nobody has asked about for so long is cancelled. */
const forgotten_ms = 30_000;
/** A finished job can be asked about for so long. */
const kept_ms = 120_000;
const jobs_max = 256;

/** One question that is being answered, for all who ask it. */
export class Job<T> {
  readonly id = randomUUID();
  readonly options: JobOptions;
  readonly controller = new AbortController();
  readonly ended: Promise<T>;
  state: JobStatus['state'] = 'queued';
  problem: ProblemError | undefined;
  /** Who waits for it at this moment. */
  waiting = 0;
  touched_at = Date.now();
  started_at: number | undefined;
  ended_at: number | undefined;
  readonly #asked_at = Date.now();
  readonly settle: { resolve: (value: T) => void; reject: (error: unknown) => void };

  constructor(options: JobOptions) {
    this.options = options;
    let settle: Job<T>['settle'] | undefined;
    this.ended = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
    this.settle = settle!;
    // Whoever waits hears of a failure; it must not end the process when nobody does.
    this.ended.catch(() => undefined);
  }

  get isLong(): boolean {
    const { expected_ms } = this.options;
    const sofar_ms = this.started_at === undefined ? 0 : Date.now() - this.started_at;
    return Math.max(expected_ms ?? 0, sofar_ms) >= long_ms;
  }

  status(): JobStatus {
    const { analysis, expected_ms } = this.options;
    const { state, problem } = this;
    const ran_ms = this.started_at === undefined ? 0 : Date.now() - this.started_at;
    // What takes longer than the last time is nearly done, not done.
    const share = expected_ms === undefined ? 0 : Math.min(0.95, ran_ms / expected_ms);
    const isOpen = state === 'queued' || state === 'running';
    return {
      id: this.id,
      analysis,
      state,
      progress: state === 'done' ? 1 : Math.round(share * 1_000) / 1_000,
      seconds_left:
        isOpen && expected_ms !== undefined
          ? Math.max(1, Math.ceil((expected_ms - ran_ms) / 1_000))
          : isOpen
            ? null
            : 0,
      seconds: Math.round(((this.ended_at ?? Date.now()) - this.#asked_at) / 1_000),
      error: problem ? { code: problem.code, detail: problem.message, fix: problem.fix } : null,
    };
  }

  /** The answer, or undefined when it is not there within `wait_ms`. Throws what the work throws. */
  async within(wait_ms: number): Promise<T | undefined> {
    let timeout: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timeout = setTimeout(() => resolve(undefined), wait_ms);
    });
    this.waiting++;
    try {
      return await Promise.race([this.ended, late]);
    } finally {
      clearTimeout(timeout);
      this.left();
    }
  }

  /** Someone who waited does so no longer. */
  left(): void {
    this.waiting--;
    this.touched_at = Date.now();
  }
}

type Work<T> = (signal: AbortSignal) => Promise<T>;

/**
 * Questions that are being answered: one job for all who ask the same, a few at a time, cancelled when
 * nobody waits any more.
 */
export class Jobs<T> {
  readonly #open = new Map<string, { job: Job<T>; work: Work<T> }>();
  readonly #byId = new Map<string, Job<T>>();
  readonly #timer: NodeJS.Timeout;
  readonly #closing: AbortSignal | undefined;
  readonly #background: Set<Promise<void>> | undefined;

  constructor(closing: AbortSignal | undefined, background: Set<Promise<void>> | undefined) {
    this.#closing = closing;
    this.#background = background;
    this.#timer = setInterval(() => this.#sweep(), 1_000);
    this.#timer.unref();
    closing?.addEventListener('abort', () => this.#close(), { once: true });
  }

  /** The job of a question: the one that is open, else a new one. */
  ask(name: string, options: JobOptions, work: Work<T>): Job<T> {
    const open = this.#open.get(name)?.job;
    if (open) {
      open.touched_at = Date.now();
      if (options.always) open.options.always = true;
      return open;
    }
    const job = new Job<T>({ ...options });
    this.#open.set(name, { job, work });
    this.#byId.set(job.id, job);
    if (this.#closing?.aborted) job.controller.abort();
    this.#next();
    return job;
  }

  find(id: string): Job<T> | undefined {
    const job = this.#byId.get(id);
    if (job) job.touched_at = Date.now();
    return job;
  }

  /** Ends a job that is not computed always; those who wait for it get the problem `job_cancelled`. */
  cancel(job: Job<T>): void {
    if (!job.options.always) job.controller.abort();
    this.#next();
  }

  /** Starts what there is room for, in the order of asking. */
  #next(): void {
    const open = [...this.#open.entries()];
    const running = open.filter(([, { job }]) => job.state === 'running');
    let free = running_max - running.length;
    let freeForLong = long_running_max - running.filter(([, { job }]) => job.isLong).length;
    for (const [name, { job, work }] of open) {
      if (job.state !== 'queued') continue;
      if (!job.controller.signal.aborted) {
        if (free <= 0 || (job.isLong && freeForLong <= 0)) continue;
        free--;
        if (job.isLong) freeForLong--;
      }
      const running = this.#run(name, job, work).finally(() => this.#background?.delete(running));
      this.#background?.add(running);
    }
  }

  async #run(name: string, job: Job<T>, work: Work<T>): Promise<void> {
    job.state = 'running';
    job.started_at = Date.now();
    const { signal } = job.controller;
    try {
      signal.throwIfAborted();
      job.settle.resolve(await work(signal));
      job.state = 'done';
    } catch (error) {
      job.problem = problemOf(error);
      job.state = 'failed';
      job.settle.reject(error);
    } finally {
      job.ended_at = Date.now();
      this.#open.delete(name);
      this.#next();
    }
  }

  #sweep(): void {
    const now = Date.now();
    for (const [, { job }] of this.#open) {
      const isForgotten = job.waiting === 0 && now - job.touched_at > forgotten_ms;
      if (isForgotten && !job.options.always) job.controller.abort();
    }
    this.#next();
    for (const [id, job] of this.#byId) {
      const isOver = job.ended_at !== undefined && now - job.ended_at > kept_ms;
      const isTooMany = job.ended_at !== undefined && this.#byId.size > jobs_max;
      if (isOver || isTooMany) this.#byId.delete(id);
    }
  }

  #close(): void {
    clearInterval(this.#timer);
    for (const [, { job }] of this.#open) job.controller.abort();
    this.#next();
  }
}
