import { constants, type BigIntStats } from 'node:fs';
import { access, lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';

import { KeymeterError, messageOf } from '../../core/errors.ts';
import { versionOf } from './local-reader.ts';
import { locate } from './log-path.ts';
import { judgeFolder, judgeName, judgePath, pathRules, type PathRules } from './plan.ts';
import type {
  ListedObject,
  ListFilter,
  Listing,
  ListProblem,
  ReaderConfig,
  Source,
} from './source.ts';

/** Files asked for their size and time at once. */
const statsAtOnce = 64;

/**
 * Opens a directory (walked) or one file (taken whatever its name). Throws KeymeterError:
 * source_not_found, source_denied, source_not_regular.
 */
export async function openLocalSource(spec: string): Promise<Source> {
  let root: string;
  let stats: BigIntStats;
  try {
    root = await realpath(spec);
    stats = await stat(root, { bigint: true });
    const wanted = stats.isDirectory() ? constants.R_OK | constants.X_OK : constants.R_OK;
    await access(root, wanted);
  } catch (error) {
    throw openError(error, spec);
  }
  if (!stats.isDirectory() && !stats.isFile()) {
    throw new KeymeterError('source_not_regular', `"${spec}" is neither a directory nor a file`, {
      fix: 'name a directory of CloudTrail logs, a log file, or s3://bucket/prefix',
    });
  }
  return new LocalSource(spec, root, stats.isFile());
}

class LocalSource implements Source {
  readonly description: string;
  readonly reader: ReaderConfig = { source: 'local' };
  readonly #root: string;
  readonly #isFile: boolean;

  constructor(spec: string, root: string, isFile: boolean) {
    this.description = spec;
    this.#root = root;
    this.#isFile = isFile;
  }

  async *list(filter: ListFilter, signal: AbortSignal): AsyncGenerator<Listing, void> {
    signal.throwIfAborted();
    if (this.#isFile) {
      yield await listFile(this.#root);
      return;
    }
    const rules = pathRules(filter);
    const verdict = judgePath(foldersOf(this.#root), rules);
    if (verdict === 'take') yield* walk(this.#root, rules, signal);
    else if (verdict !== 'prune') yield { skipped: verdict.skip, key: this.#root };
  }
}

/**
 * Walks depth first, names sorted within a directory. Symbolic links are never followed, so that nothing outside the
 * root is read, nothing is listed twice and no loop is possible: a target inside the root is met by its
 * own path.
 */
async function* walk(
  root: string,
  rules: PathRules,
  signal: AbortSignal,
): AsyncGenerator<Listing, void> {
  const stack = [root];
  for (let directory = stack.pop(); directory !== undefined; directory = stack.pop()) {
    signal.throwIfAborted();
    const place = locate(foldersOf(directory));
    const verdict = judgeFolder(place, rules);
    if (verdict !== 'take') {
      if (verdict !== 'prune') yield { skipped: verdict.skip, key: directory };
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
    for (let start = 0; start < names.length; start += statsAtOnce) {
      signal.throwIfAborted();
      const files = names
        .slice(start, start + statsAtOnce)
        .map((name) => path.join(directory, name));
      const found = await Promise.all(files.map((file) => look(file)));
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
          else if (judged !== 'prune') yield { skipped: judged.skip, key: file };
        }
      }
    }
    stack.push(...folders.reverse());
  }
}

function look(file: string): Promise<BigIntStats | ListProblem> {
  return lstat(file, { bigint: true }).catch((error: unknown) => toProblem(error, file));
}

/** A name that is not UTF-8 reads with U+FFFD in it, and no file bears that name. */
function asSkipIfUnnameable(problem: ListProblem, file: string): Listing {
  if (problem.problem !== 'missing' || !path.basename(file).includes('\ufffd')) return problem;
  return { skipped: 'its name is not UTF-8: rename it', key: file };
}

async function listFile(file: string): Promise<Listing> {
  const stats = await look(file);
  return 'problem' in stats ? stats : toListed(file, stats);
}

function toListed(file: string, stats: BigIntStats): ListedObject {
  return {
    source: 'local',
    bucket: '',
    key: file,
    version: versionOf(stats),
    size_bytes: Number(stats.size),
    last_modified_at: Number(stats.mtimeMs),
  };
}

async function skipLink(link: string, root: string): Promise<Listing> {
  try {
    const target = await realpath(link);
    const inside =
      target === root || target.startsWith(root.endsWith(path.sep) ? root : root + path.sep);
    return {
      skipped: inside
        ? `symbolic link to ${target}, which stands in the same source`
        : `symbolic link that leaves the source: ${target}`,
      key: link,
    };
  } catch {
    const target = await readlink(link).catch(() => 'an unreadable target');
    return { skipped: `symbolic link that leads nowhere: ${target}`, key: link };
  }
}

/** The folders of an absolute path from the file system's root on. */
function foldersOf(directory: string): string[] {
  return directory.split(path.sep);
}

function toProblem(error: unknown, place: string): ListProblem {
  const code = (error as NodeJS.ErrnoException).code;
  const message = messageOf(error);
  if (code === 'EACCES' || code === 'EPERM') return { problem: 'denied', place, message };
  if (code === 'ENOENT') return { problem: 'missing', place, message };
  return { problem: 'failed', place, message };
}

function openError(error: unknown, spec: string): KeymeterError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new KeymeterError('source_not_found', `there is no file or directory "${spec}"`, {
      fix: 'check the path; S3 addresses begin with s3://',
      cause: error,
    });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new KeymeterError('source_denied', `"${spec}" may not be read`, {
      fix: 'give this user read permission on it (and search permission on directories)',
      cause: error,
    });
  }
  return new KeymeterError('source_unreadable', `"${spec}": ${messageOf(error)}`, {
    fix: 'check the path and the disk',
    cause: error,
  });
}
