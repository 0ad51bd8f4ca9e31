import { gunzipSync } from 'node:zlib';
import { InputError } from './input-error.ts';

/** Uncompressed bytes of one object at most, unless configured: CloudTrail's own files stay far below. */
export const content_bytes_max_default = 256 * 1024 * 1024;

export interface Content {
  /** The uncompressed bytes. */
  bytes: Buffer;
  /** Set when the object is readable but not as CloudTrail writes it. */
  warning: { errorClass: string; detail: string } | null;
}

const isGzip = (bytes: Buffer) => bytes.length > 1 && bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * The uncompressed content of an object; plain text passes as it is. Throws InputError: empty_file,
 * gzip_truncated, gzip_corrupt, gzip_too_large, gzip_double.
 */
export function contentOf(raw: Buffer, content_bytes_max: number): Content {
  if (raw.length === 0) throw new InputError('empty_file', 'the file has no bytes');
  if (!isGzip(raw)) {
    if (raw.length > content_bytes_max) throw tooLarge(content_bytes_max);
    return { bytes: raw, warning: null };
  }
  // The trailer tells the size (modulo 2^32) of the last member. It is only a hint: one chunk of that
  // size spares zlib its growing, and the cap holds whatever it says.
  const hint = raw.length >= 18 ? raw.readUInt32LE(raw.length - 4) : 0;
  const bytes = inflate(raw, content_bytes_max, hint);
  if (isGzip(bytes)) {
    throw new InputError('gzip_double', 'the content is gzip again: it was compressed twice');
  }
  const warning =
    bytes.length >>> 0 === hint
      ? null
      : {
          errorClass: 'gzip_multi_member',
          detail: 'the file holds more than one gzip member; CloudTrail writes one; all were read',
        };
  return { bytes, warning };
}

function inflate(raw: Buffer, content_bytes_max: number, hint: number): Buffer {
  // Deflate expands at most about 1,032 times, so a larger hint is a lie.
  const chunkSize = Math.max(64, Math.min(hint, content_bytes_max, raw.length * 1_032) + 64);
  try {
    return gunzipSync(raw, { maxOutputLength: content_bytes_max, chunkSize });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(content_bytes_max);
    if (code === 'Z_BUF_ERROR') {
      throw new InputError('gzip_truncated', 'the gzip stream ends before its end');
    }
    throw new InputError('gzip_corrupt', `the gzip stream is damaged: ${(error as Error).message}`);
  }
}

function tooLarge(content_bytes_max: number): InputError {
  return new InputError(
    'gzip_too_large',
    `the content is larger than ${content_bytes_max} bytes; raise --max-object-bytes if it is genuine`,
  );
}
