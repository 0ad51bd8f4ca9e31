import { lstatSync, type BigIntStats } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { messageOf } from '../../core/errors.ts';
import { versionOf } from './local-reader.ts';
import { locate } from './log-path.ts';
import { judgeFolder, judgeName, leftOut, type PathRules } from './plan.ts';
import type { ListedObject, Listing, ListProblem } from './source.ts';

/** Files asked for their size and time in one go. */
const filesAtOnce = 64;
/** A go that takes longer shows a slow disk, where the event loop must not wait for it. */
const goMsMost = 25;

/**
 * Walks depth first, names sorted within a directory. Symbolic links are never followed, so that
 * nothing outside the root is read, nothing is listed twice and no loop is possible: a target inside the
 * root is met by its own path.
 */
export async function* walk(
  root: string,
  rules: PathRules,
  signal: AbortSignal,
): AsyncGenerator<Listing, void> {
  const stack = [root];
  const looker = new Looker();
  for (let directory = stack.pop(); directory !== undefined; directory = stack.pop()) {
    signal.throwIfAborted();
    const place = locate(foldersOf(directory));
    const verdict = judgeFolder(place, rules);
    if (verdict !== 'take') {
      if (typeof verdict === 'object') yield leftOut(verdict, directory);
      continue;
    }
    let names: string[];
    try {
      // Code unit order: the same on every machine, whatever its locale.
      names = (await readdir(directory)).sort();
    } catch (error) {
      yield toProblem(error, directory);
      continue;
    }
    const folders: string[] = [];
    for (let start = 0; start < names.length; start += filesAtOnce) {
      signal.throwIfAborted();
      const some = names.slice(start, start + filesAtOnce);
      const files = some.map((name) => path.join(directory, name));
      const found = await looker.look(files);
      for (const [index, file] of files.entries()) {
        const stats = found[index];
        if (stats === undefined) continue;
        if ('problem' in stats) yield asSkipIfUnnameable(stats, file);
        else if (stats.isDirectory()) folders.push(file);
        else if (stats.isSymbolicLink()) yield await skipLink(file, root);
        else if (!stats.isFile()) yield { skipped: 'not a regular file', key: file };
        else {
          const judged = judgeName(place, path.basename(file), rules);
          if (judged === 'take') yield toListed(file, stats);
          else if (judged === 'sniff') yield { ...toListed(file, stats), sniff: true };
          else yield leftOut(judged, file);
        }
      }
    }
    stack.push(...folders.reverse());
  }
}

type Looked = BigIntStats | ListProblem;

/**
 * Asks files for their stats. The synchronous call costs less than half the processor time of the
 * asynchronous one, which counts with a hundred thousand small files; a slow disk gets the latter.
 */
class Looker {
  #isSlow = false;

  async look(files: string[]): Promise<Looked[]> {
    if (this.#isSlow) return Promise.all(files.map((file) => lookLater(file)));
    const began = performance.now();
    const found = files.map((file) => lookAt(file));
    this.#isSlow = performance.now() - began > goMsMost;
    await nextTurn();
    return found;
  }
}

export function lookAt(file: string): Looked {
  try {
    return lstatSync(file, { bigint: true });
  } catch (error) {
    return toProblem(error, file);
  }
}

function lookLater(file: string): Promise<Looked> {
  return lstat(file, { bigint: true }).catch((error: unknown) => toProblem(error, file));
}

/** A name that is not UTF-8 reads with U+FFFD in it, and no file bears that name. */
function asSkipIfUnnameable(problem: ListProblem, file: string): Listing {
  if (problem.problem !== 'missing' || !path.basename(file).includes('\ufffd')) return problem;
  return { skipped: 'its name is not UTF-8: rename it', key: file };
}

export function toListed(file: string, stats: BigIntStats): ListedObject {
  return {
    source: 'local',
    bucket: '',
    key: file,
    version: versionOf(stats),
    size_bytes: Number(stats.size),
    last_modified_at: Number(stats.mtimeMs),
  };
}

/** The reasons name no target, so that a summary can count them. */
async function skipLink(link: string, root: string): Promise<Listing> {
  const within = root.endsWith(path.sep) ? root : root + path.sep;
  const target = await realpath(link).catch(() => undefined);
  if (target === undefined) return { skipped: 'symbolic link that leads nowhere', key: link };
  const inside = target === root || target.startsWith(within);
  return {
    skipped: `symbolic link ${inside ? 'to what stands in the same source' : 'that leaves the source'}`,
    key: link,
  };
}

/** The folders of an absolute path from the file system's root on. */
export function foldersOf(directory: string): string[] {
  return directory.split(path.sep);
}

function toProblem(error: unknown, place: string): ListProblem {
  const code = (error as NodeJS.ErrnoException).code;
  const message = messageOf(error);
  if (code === 'EACCES' || code === 'EPERM') return { problem: 'denied', place, message };
  if (code === 'ENOENT') return { problem: 'missing', place, message };
  return { problem: 'failed', place, message };
}
