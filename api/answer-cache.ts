import type { Answer } from './answer.ts';

const entries_max = 1_024;
const size_max = 48 * 1024 * 1024;

/**
 * The newest answer to each question, so that a page that asks again (or several panels that ask the
 * same) costs no query. It is for the caller to say whether an answer's data version will do. Those
 * not asked for longest make room.
 */
export class AnswerCache {
  readonly #done = new Map<string, Answer>();
  #size = 0;

  latest(question: string): Answer | undefined {
    const held = this.#done.get(question);
    if (held) {
      this.#done.delete(question);
      this.#done.set(question, held);
    }
    return held;
  }

  keep(question: string, made: Answer): void {
    this.#drop(question);
    if (made.size > size_max / 8) return;
    this.#done.set(question, made);
    this.#size += made.size;
    for (const oldest of this.#done.keys()) {
      if (this.#size <= size_max && this.#done.size <= entries_max) break;
      this.#drop(oldest);
    }
  }

  #drop(question: string): void {
    this.#size -= this.#done.get(question)?.size ?? 0;
    this.#done.delete(question);
  }
}
