import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Engine } from '../store/engine.ts';
import { answerOf, type Answer, type Question } from './answer.ts';

/** Bytes of all answers on disk; the oldest make room. */
const bytes_max = 256 * 1024 * 1024;
const files_max = 512;

const kept = z.object({
  of: z.string(),
  data_version: z.string(),
  truncated: z.boolean(),
  made_at: z.number(),
  took_ms: z.number(),
  rows: z.array(z.record(z.string(), z.unknown())),
  notes: z.array(z.string()),
});

/** The identity of a database: another file of the same name has other answers. */
const databaseSql = 'SELECT CAST(min(created_at) AS VARCHAR) AS created_at FROM keymeter_schema';

/**
 * Answers that took long, in a folder beside the database, so that a restarted server has them. Each
 * file names the database, the state of its data, the question and the statement that it answers; a
 * file that does not fit, or cannot be read, is no answer. Only JSON answers are kept. A folder that
 * cannot be written (a read-only disk) costs nothing but the answers.
 */
export class AnswerFiles {
  readonly #folder: string | undefined;
  readonly #engine: Engine;
  #database: Promise<string> | undefined;

  constructor(folder: string | undefined, engine: Engine) {
    this.#folder = folder;
    this.#engine = engine;
  }

  /** The answer to a question when it is of the newest data. */
  async read(question: Question, name: string): Promise<Answer | undefined> {
    if (this.#folder === undefined || question.format !== 'json') return undefined;
    try {
      const text = await readFile(this.#file(name), 'utf8');
      const { of, ...found } = kept.parse(JSON.parse(text));
      if (of !== (await this.#of(question))) return undefined;
      if (found.data_version !== (await this.#engine.dataVersion())) return undefined;
      return await answerOf(question, found, found);
    } catch {
      return undefined;
    }
  }

  /** Writes an answer whole or not at all. */
  async write(question: Question, name: string, answer: Answer): Promise<void> {
    if (this.#folder === undefined || question.format !== 'json') return;
    const { data_version, truncated, made_at, took_ms } = answer;
    const { rows, notes } = JSON.parse(answer.body() as string) as Record<string, unknown>;
    const of = await this.#of(question).catch(() => undefined);
    if (of === undefined) return;
    const text = JSON.stringify({ of, data_version, truncated, made_at, took_ms, rows, notes });
    const part = path.join(this.#folder, `${randomUUID()}.part`);
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(part, text, { mode: 0o600 });
      await rename(part, this.#file(name));
      await this.#trim();
    } catch {
      await rm(part, { force: true }).catch(() => undefined);
    }
  }

  #file(name: string): string {
    return path.join(this.#folder!, `${name}.json`);
  }

  async #of({ analysis }: Question): Promise<string> {
    this.#database ??= this.#engine
      .rows(databaseSql)
      .then((rows) => String(rows[0]?.['created_at']));
    const shape = JSON.stringify([analysis.sqlText, Object.keys(analysis.row.shape)]);
    const statement = createHash('sha256').update(shape).digest('base64url');
    return `${await this.#database} ${analysis.name} ${statement}`;
  }

  async #trim(): Promise<void> {
    const folder = this.#folder!;
    const files = await Promise.all(
      (await readdir(folder)).map(async (name) => {
        const file = path.join(folder, name);
        const { size, mtimeMs } = await stat(file);
        return { file, size, mtimeMs };
      }),
    );
    files.sort((a, b) => b.mtimeMs - a.mtimeMs);
    let bytes = 0;
    for (const [i, { file, size }] of files.entries()) {
      bytes += size;
      if (i >= files_max || bytes > bytes_max) await rm(file, { force: true });
    }
  }
}
