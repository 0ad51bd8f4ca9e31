import { createHash } from 'node:crypto';
import { messageOf } from '../core/errors.ts';
import { AnswerCache } from './answer-cache.ts';
import { answerTo, type Answer, type Question } from './answer.ts';
import { withDeadline } from './deadline.ts';
import { deadlineOf, isIngesting, type ApiOptions } from './options.ts';
import { ProblemError } from './problems.ts';
import { Refresher } from './refresher.ts';

/** What goes on without a client may take this long: findings of much data are minutes of replays. */
const goes_on_ms_max = { prepared: 900_000, other: 120_000 };
/** While an ingest runs an answer is served for this long, or ten times what it took to make. */
const age_ms_max = 300_000;
/** Who can be given an older answer waits no longer than this for the newest one. */
const patience_ms = 1_000;

/** An answer as it is served. */
export interface Served {
  answer: Answer;
  /** False when the data has changed since and a newer answer is in the making. */
  current: boolean;
}

/**
 * Who answers what, and from which state of the data. Without an ingest every answer is of the newest
 * data. While one runs the data changes every second or two: then the last complete answer is served,
 * and made anew in the background.
 */
export class Answers {
  readonly #options: ApiOptions;
  readonly #cache = new AnswerCache();
  readonly #refresher: Refresher;
  readonly #configuration: string;
  /** Questions that are computed to their end, whoever waits. */
  readonly #prepared = new Set<string>();

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#refresher = new Refresher(options.closing, options.background);
    this.#configuration = digest(JSON.stringify({ ...options.config, decisions: [] }));
  }

  /** A name of the question for caches: the same for the same analysis, parameters, format and configuration. */
  nameOf({ analysis, format, params }: Question): string {
    // Decisions change while the server runs; the rest of the configuration does not.
    const { decisions } = this.#options.config;
    return digest(JSON.stringify([this.#configuration, decisions, analysis.name, format, params]));
  }

  /**
   * Throws ProblemError `answer_in_preparation` when a prepared question, or any while an ingest runs, is
   * not answered in time but goes on; KeymeterError `deadline_exceeded` for others.
   */
  async get(question: Question, name: string): Promise<Served> {
    const { engine } = this.#options;
    const held = this.#cache.latest(name);
    if (held?.data_version === (await engine.dataVersion())) return { answer: held, current: true };
    const older = held && { answer: held, current: false };
    const ingests = isIngesting(this.#options);
    if (older && ingests && isFresh(held)) {
      this.#refresher.ask(name, held, () => this.#refresh(question, name));
      return older;
    }
    const goesOn = older !== undefined || ingests || this.#prepared.has(name);
    const deadline_ms = deadlineOf(this.#options);
    const wait_ms = older ? Math.min(patience_ms, deadline_ms) : deadline_ms;
    try {
      // The deadline is on the outside: an answer that is being made anyway goes on without this client.
      const answer = await withDeadline(wait_ms, undefined, (signal) =>
        goesOn ? this.#prepare(question, name) : this.#make(question, name, signal),
      );
      return { answer, current: true };
    } catch (error) {
      if (!goesOn || !isLate(error)) throw error;
      if (older) return older;
      throw inPreparation(wait_ms);
    }
  }

  /** Marks questions as prepared: each is computed to its end, also when a client gives up. */
  prepareAlways(question: Question): void {
    this.#prepared.add(this.nameOf(question));
  }

  /** Has the answer of the newest data ready. */
  async prepare(question: Question): Promise<void> {
    const name = this.nameOf(question);
    const data_version = await this.#options.engine.dataVersion();
    if (this.#cache.latest(name)?.data_version === data_version) return;
    await this.#prepare(question, name);
  }

  #prepare(question: Question, name: string): Promise<Answer> {
    const ms_max = goes_on_ms_max[this.#prepared.has(name) ? 'prepared' : 'other'];
    return withDeadline(ms_max, this.#options.closing, (signal) =>
      this.#make(question, name, signal),
    );
  }

  #make(question: Question, name: string, signal: AbortSignal): Promise<Answer> {
    const { engine, config } = this.#options;
    return this.#cache.make(name, () => answerTo(question, engine, config, signal));
  }

  async #refresh(question: Question, name: string): Promise<void> {
    try {
      await this.prepare(question);
    } catch (error) {
      if (this.#options.closing?.aborted) return;
      const { analysis } = question;
      this.#options.log?.('answer not made anew', {
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

const isLate = (error: unknown) =>
  (error as { code?: unknown } | undefined)?.code === 'deadline_exceeded';

function inPreparation(deadline_ms: number): ProblemError {
  return new ProblemError(
    503,
    'answer_in_preparation',
    `the answer is being computed and was not ready within ${deadline_ms} ms`,
    'ask again in a moment: it is computed to its end and then kept until the data changes',
    { headers: { 'Retry-After': '1' } },
  );
}
