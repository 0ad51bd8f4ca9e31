import { createHash } from 'node:crypto';
import { crc32, createInflateRaw } from 'node:zlib';

/** What one gzip file held. */
export interface GzipContent {
  /** Lower-case hex SHA-256 of the uncompressed bytes: what digests call hashValue. */
  sha256: string;
  /** Uncompressed size. */
  size_bytes: number;
  /** True when anything follows the first gzip member: a second member, padding, garbage. */
  trailing_data: boolean;
  /** The uncompressed bytes, when they were asked for. */
  content: Buffer | null;
}

/** The bytes are no whole gzip member: truncated, damaged, larger than allowed, or not gzip. */
export class GzipError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'GzipError';
  }
}

const trailerBytes = 8; // CRC-32 and size, RFC 1952 section 2.3.1
const headerBytesMax = 1 << 18; // an extra field of 64 KiB and generous names

/**
 * Hashes the first gzip member of a stream and says whether more follows. Node's own Gunzip joins
 * members and skips padding, which is what a verifier must not do: data behind the signed content
 * would be read by one tool and not by another. Memory is a few chunks, unless `keep` is set.
 *
 * Rejects with GzipError when the member is damaged, truncated or over `limitBytes` uncompressed;
 * errors of the stream itself pass through.
 */
export async function readGzipMember(
  source: AsyncIterable<Uint8Array>,
  options: { limitBytes: number; keep?: boolean },
): Promise<GzipContent> {
  const member = new MemberReader(options.limitBytes, options.keep ?? false);
  for await (const chunk of source) {
    await member.feed(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (member.hasTrailingData()) break;
  }
  return member.finish();
}

class MemberReader {
  readonly #limitBytes: number;
  readonly #inflater = createInflateRaw();
  readonly #hash = createHash('sha256');
  readonly #kept: Buffer[] | null;
  readonly #ended: Promise<void>;
  #header: Buffer | null = Buffer.alloc(0);
  #isEnded = false;
  #crc = 0;
  #size = 0;
  #tail = Buffer.alloc(0);

  constructor(limitBytes: number, keep: boolean) {
    this.#limitBytes = limitBytes;
    this.#kept = keep ? [] : null;
    this.#inflater.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#ended = new Promise((resolve, reject) => {
      this.#inflater.once('end', () => {
        this.#isEnded = true;
        resolve();
      });
      this.#inflater.once('error', (error) => {
        reject(
          error instanceof GzipError ? error : new GzipError(`bad gzip: ${error.message}`, error),
        );
      });
    });
    // A rejection is seen by whoever awaits next; it must not end the process before that.
    this.#ended.catch(() => {});
  }

  #take(chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > this.#limitBytes) {
      this.#inflater.destroy(
        new GzipError(`more than ${this.#limitBytes} bytes uncompressed, the limit`),
      );
      return;
    }
    this.#hash.update(chunk);
    this.#crc = crc32(chunk, this.#crc);
    this.#kept?.push(chunk);
  }

  hasTrailingData(): boolean {
    return this.#tail.length > trailerBytes;
  }

  async feed(chunk: Buffer): Promise<void> {
    let rest = chunk;
    if (this.#header) {
      this.#header = Buffer.concat([this.#header, rest]);
      const length = gzipHeaderLength(this.#header);
      if (length === null) return;
      rest = this.#header.subarray(length);
      this.#header = null;
    }
    if (rest.length === 0) return;
    if (this.#isEnded) {
      this.#keepTail(rest);
      return;
    }
    const before = this.#inflater.bytesWritten;
    // The callback of write does not come when the deflate stream ends inside the chunk.
    const written = new Promise<void>((resolve) => this.#inflater.write(rest, () => resolve()));
    await Promise.race([this.#ended, written]);
    // The failing write calls back too; its error arrives one turn later.
    if (this.#inflater.errored) await this.#ended;
    if (this.#isEnded) this.#keepTail(rest.subarray(this.#inflater.bytesWritten - before));
  }

  #keepTail(bytes: Buffer): void {
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(0, trailerBytes + 1)]);
  }

  async finish(): Promise<GzipContent> {
    if (this.#header) {
      this.#inflater.destroy();
      throw new GzipError('the gzip header is cut short');
    }
    if (!this.#isEnded) this.#inflater.end();
    await this.#ended;
    if (this.#tail.length < trailerBytes) throw new GzipError('the gzip trailer is cut short');
    if (this.#tail.readUInt32LE(0) !== this.#crc >>> 0) {
      throw new GzipError('the CRC-32 in the gzip trailer is not that of the content');
    }
    if (this.#tail.readUInt32LE(4) !== this.#size % 2 ** 32) {
      throw new GzipError('the size in the gzip trailer is not that of the content');
    }
    return {
      sha256: this.#hash.digest('hex'),
      size_bytes: this.#size,
      trailing_data: this.hasTrailingData(),
      content: this.#kept ? Buffer.concat(this.#kept) : null,
    };
  }
}

const flag = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

/** Length of the gzip header (RFC 1952), or null while more bytes are needed. Throws GzipError. */
export function gzipHeaderLength(bytes: Buffer): number | null {
  if (bytes.length > 0 && bytes[0] !== 0x1f) throw new GzipError('not a gzip file');
  if (bytes.length > 1 && bytes[1] !== 0x8b) throw new GzipError('not a gzip file');
  if (bytes.length < 10) return null;
  const flags = bytes[3] ?? 0;
  if (bytes[2] !== 8 || flags & flag.reserved) throw new GzipError('unknown gzip method or flags');
  let at = 10;
  if (flags & flag.extra) {
    if (bytes.length < at + 2) return needMore(bytes);
    at += 2 + bytes.readUInt16LE(at);
  }
  for (const text of [flag.name, flag.comment]) {
    if (!(flags & text)) continue;
    const zero = bytes.indexOf(0, at);
    if (zero < 0 || at > bytes.length) return needMore(bytes);
    at = zero + 1;
  }
  if (flags & flag.headerCrc) {
    if (bytes.length < at + 2) return needMore(bytes);
    if (bytes.readUInt16LE(at) !== (crc32(bytes.subarray(0, at)) & 0xffff)) {
      throw new GzipError('the CRC in the gzip header is wrong');
    }
    at += 2;
  }
  return bytes.length < at ? needMore(bytes) : at;
}

function needMore(bytes: Buffer): null {
  if (bytes.length > headerBytesMax) throw new GzipError('the gzip header is too long');
  return null;
}
