import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isatty } from 'node:tty';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exitCodes, KeymeterError, messageOf } from '../../core/errors.ts';
import { objectBytesMost, type ListedObject, type Source } from './source.ts';

/** The key of standard input in the ledger. */
const streamKey = '-';

/**
 * Opens standard input (or another open stream) as one object. It is copied to a temporary file first, as
 * workers read it and an identity is made of its content: the same bytes are known the next time. Throws
 * KeymeterError: stream_terminal, stream_too_large, source_unreadable.
 */
export async function openStreamSource(spec: string, file: string): Promise<Source> {
  const isStandard = spec === '-' || file === '/dev/stdin';
  if (isStandard && isatty(0)) {
    throw new KeymeterError('stream_terminal', 'standard input is a terminal', {
      fix: 'pipe logs into it: jq -c ".Records[]" log.json | keymeter ingest -',
      exitCode: exitCodes.usage,
    });
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'keymeter-stream-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const copy = path.join(folder, 'content');
  const stream = isStandard ? process.stdin : createReadStream(file);
  const { sha256, size_bytes } = await copied(stream, copy, spec);
  const object: ListedObject = {
    source: 'local',
    bucket: '',
    key: streamKey,
    version: sha256,
    size_bytes,
    last_modified_at: Date.now(),
  };
  return {
    description: spec,
    reader: { source: 'local', copies: { [streamKey]: copy } },
    async *list(_, signal) {
      signal.throwIfAborted();
      yield object;
    },
  };
}

async function copied(stream: Readable, to: string, spec: string) {
  const hash = createHash('sha256');
  let size_bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _, done) {
      size_bytes += chunk.length;
      hash.update(chunk);
      done(size_bytes > objectBytesMost ? tooLarge(spec) : null, chunk);
    },
  });
  try {
    await pipeline(stream, count, createWriteStream(to, { mode: 0o600 }));
  } catch (error) {
    if (error instanceof KeymeterError) throw error;
    throw new KeymeterError('source_unreadable', `"${spec}": ${messageOf(error)}`, {
      fix: 'check the command that writes it, and the room in the temporary directory',
      cause: error,
    });
  }
  return { sha256: hash.digest('hex'), size_bytes };
}

function tooLarge(spec: string): KeymeterError {
  return new KeymeterError('stream_too_large', `"${spec}" has more than ${objectBytesMost} bytes`, {
    fix: 'write it to several files and name their directory',
  });
}
