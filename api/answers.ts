import { createHash } from 'node:crypto';
import { messageOf } from '../core/errors.ts';
import { AnswerCache } from './answer-cache.ts';
import { AnswerFiles } from './answer-files.ts';
import { answerTo, type Answer, type Question } from './answer.ts';
import { withDeadline } from './deadline.ts';
import { Jobs, type Job } from './jobs.ts';
import { answerDeadlineOf, isIngesting, type ApiOptions } from './options.ts';
import { Refresher } from './refresher.ts';

/** While an ingest runs an answer is served for this long, or ten times what it took to make. */
const age_ms_max = 300_000;
/** Answers that took at least this long are kept on disk too. */
const worth_keeping_ms = 1_000;

/** An answer as it is served. */
export interface Served {
  answer: Answer;
  /** False when the data has changed since and a newer answer is in the making. */
  current: boolean;
}

/**
 * Who answers what, and from which state of the data. A question is computed by one job for all who ask
 * it. Without an ingest every answer is of the newest data. While one runs the data changes every second
 * or two: then the last complete answer is served, and a newer one is computed in the background.
 */
export class Answers {
  readonly #options: ApiOptions;
  readonly #cache = new AnswerCache();
  readonly #files: AnswerFiles;
  readonly #refresher: Refresher;
  readonly #configuration: string;
  readonly jobs: Jobs<Answer>;
  /** Questions that are computed to their end, whoever waits. */
  readonly #prepared = new Set<string>();
  /** How long each analysis took the last time. */
  readonly #took_ms = new Map<string, number>();

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#files = new AnswerFiles(options.answersFolder, options.engine);
    this.#refresher = new Refresher(options.closing, options.background);
    this.#configuration = digest(JSON.stringify({ ...options.config, decisions: [] }));
    this.jobs = new Jobs(options.closing, options.background);
  }

  /** A name of the question for caches: the same for the same analysis, parameters, format and configuration. */
  nameOf({ analysis, format, params }: Question): string {
    // Decisions change while the server runs; the rest of the configuration does not.
    const { decisions } = this.#options.config;
    return digest(JSON.stringify([this.#configuration, decisions, analysis.name, format, params]));
  }

  /**
   * The answer, or the job that computes it when it is not ready within `wait_ms`. Throws what the
   * computation throws within that time.
   */
  async get(question: Question, name: string, wait_ms: number): Promise<Served | Job<Answer>> {
    const held = await this.#held(question, name);
    if (held?.data_version === (await this.#options.engine.dataVersion())) {
      return { answer: held, current: true };
    }
    const older = held && { answer: held, current: false };
    if (older && isIngesting(this.#options) && isFresh(held)) {
      this.#refresher.ask(name, held, () => this.#refresh(question, name));
      return older;
    }
    const job = this.#job(question, name);
    const answer = await job.within(wait_ms);
    return answer ? { answer, current: true } : (older ?? job);
  }

  /** Marks questions as prepared: each is computed to its end, also when a client gives up. */
  prepareAlways(question: Question): void {
    this.#prepared.add(this.nameOf(question));
  }

  /** Has the answer of the newest data ready. */
  async prepare(question: Question): Promise<void> {
    const name = this.nameOf(question);
    const data_version = await this.#options.engine.dataVersion();
    if ((await this.#held(question, name))?.data_version === data_version) return;
    const job = this.#job(question, name);
    job.waiting++;
    try {
      await job.ended;
    } finally {
      job.left();
    }
  }

  /** The newest answer in memory, else the one on disk when it is of the newest data. */
  async #held(question: Question, name: string): Promise<Answer | undefined> {
    const held = this.#cache.latest(name);
    if (held) return held;
    const kept = await this.#files.read(question, name);
    if (!kept) return undefined;
    this.#cache.keep(name, kept);
    this.#took_ms.set(question.analysis.name, kept.took_ms);
    return kept;
  }

  #job(question: Question, name: string): Job<Answer> {
    const { analysis } = question;
    const options = {
      analysis: analysis.name,
      expected_ms: this.#took_ms.get(analysis.name),
      always: this.#prepared.has(name),
    };
    return this.jobs.ask(name, options, (signal) => this.#make(question, name, signal));
  }

  async #make(question: Question, name: string, signal: AbortSignal): Promise<Answer> {
    const { engine, config } = this.#options;
    const answer = await withDeadline(answerDeadlineOf(this.#options), signal, (within) =>
      answerTo(question, engine, config, within),
    );
    this.#cache.keep(name, answer);
    this.#took_ms.set(question.analysis.name, answer.took_ms);
    if (answer.took_ms >= worth_keeping_ms) await this.#files.write(question, name, answer);
    return answer;
  }

  async #refresh(question: Question, name: string): Promise<void> {
    try {
      await this.prepare(question);
    } catch (error) {
      if (this.#options.closing?.aborted) return;
      const { analysis } = question;
      this.#options.log?.('answer not computed again', {
        analysis: analysis.name,
        question: name,
        error: messageOf(error),
      });
    }
  }
}

/** What a reader must know of an answer that the data has outgrown. */
export function olderNote({ data_version, made_at }: Answer): string {
  const at = new Date(made_at).toISOString().slice(0, 19);
  return `The data has changed since: these numbers are of database version ${data_version}, complete as of ${at}Z; newer ones are being computed.`;
}

const isFresh = ({ made_at, took_ms }: Answer) =>
  Date.now() - made_at < Math.max(age_ms_max, 10 * took_ms);

const digest = (text: string) => createHash('sha256').update(text).digest('base64url');
