import { constants, type BigIntStats } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';

import { KeymeterError, messageOf } from '../../core/errors.ts';
import { foldersOf, lookAt, toListed, walk } from './local-walk.ts';
import { judgePath, leftOut, pathRules } from './plan.ts';
import type { ListFilter, Listing, ReaderConfig, Source } from './source.ts';

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
      const stats = lookAt(this.#root);
      yield 'problem' in stats ? stats : toListed(this.#root, stats);
      return;
    }
    const rules = pathRules(filter);
    const verdict = judgePath(foldersOf(this.#root), rules);
    if (verdict === 'take') yield* walk(this.#root, rules, signal);
    else if (typeof verdict === 'object') yield leftOut(verdict, this.#root);
  }
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
