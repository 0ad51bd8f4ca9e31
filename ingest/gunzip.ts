import { crc32, gunzipSync, inflateRawSync } from 'node:zlib';
import { InputError, type Warning } from './input-error.ts';
import { GzipError, gzipHeaderLength } from './gzip-member.ts';

/** Uncompressed bytes of one object at most, unless configured: CloudTrail's own files stay far below. */
export const content_bytes_max_default = 256 * 1024 * 1024;

/** Members of one file at most: each costs some microseconds, however little it holds. */
const members_max = 100_000;

export interface Content {
  /** The uncompressed bytes. */
  bytes: Buffer;
  /** Set when the object is readable but not as CloudTrail writes it. */
  warning: Warning | null;
}

const isGzip = (bytes: Buffer) => bytes.length > 1 && bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * The uncompressed content of an object; plain text passes as it is. Several gzip members are read one
 * after the other; what follows the last is not read, and both are told in `warning`. Throws InputError:
 * empty_file, gzip_truncated, gzip_corrupt, gzip_too_large, gzip_double.
 */
export function contentOf(raw: Buffer, content_bytes_max: number): Content {
  if (raw.length === 0) throw new InputError('empty_file', 'the file has no bytes');
  if (!isGzip(raw)) {
    if (raw.length > content_bytes_max) throw tooLarge(content_bytes_max);
    return { bytes: raw, warning: null };
  }
  const whole = singleMember(raw, content_bytes_max);
  const content = whole ? { bytes: whole, warning: null } : membersOf(raw, content_bytes_max);
  if (isGzip(content.bytes)) {
    throw new InputError('gzip_double', 'the content is gzip again: it was compressed twice');
  }
  return content;
}

const memberStart = Buffer.from([0x1f, 0x8b, 8]);

/** Node's types do not know what `info` gives back. */
type WithInfo = { buffer: Buffer; engine: { bytesWritten: number } };

/**
 * The content of what CloudTrail writes: one member and nothing behind it. Node's own gunzip checks it on
 * the way, which saves a pass for the CRC. Null when anything is unusual: membersOf then says what.
 */
function singleMember(raw: Buffer, content_bytes_max: number): Buffer | null {
  if (raw.length < 18 || raw.indexOf(memberStart, 3) >= 0) return null;
  const size = raw.readUInt32LE(raw.length - 4);
  try {
    const { buffer, engine } = gunzipSync(raw, {
      maxOutputLength: Math.max(content_bytes_max, 1),
      chunkSize: chunkSizeFor(raw, content_bytes_max),
      info: true,
    }) as unknown as WithInfo;
    const isWhole = engine.bytesWritten === raw.length && buffer.length % 2 ** 32 === size;
    return isWhole && buffer.length <= content_bytes_max ? buffer : null;
  } catch {
    return null;
  }
}

/**
 * The last trailer tells a size (modulo 2^32), of this member when it is the only one. It is only a
 * hint: one chunk of that size spares zlib its growing. Deflate expands at most about 1,032 times.
 */
function chunkSizeFor(deflated: Buffer, room: number): number {
  const hint = deflated.length > 4 ? deflated.readUInt32LE(deflated.length - 4) : 0;
  return Math.max(64, Math.min(hint, room, deflated.length * 1_032) + 64);
}

/**
 * Member by member, for Node's gunzip stops at a zero byte behind a member without a word: what stands
 * behind it would be read by other tools and not by this one.
 */
function membersOf(raw: Buffer, content_bytes_max: number): Content {
  const members: Buffer[] = [];
  let room = content_bytes_max;
  let rest = raw;
  do {
    const start = headerLength(rest);
    // Behind a whole member, what only begins like gzip is no member.
    if (start === null && members.length > 0) break;
    if (start === null) throw new InputError('gzip_corrupt', 'the gzip header is damaged');
    const { content, length } = inflateMember(rest.subarray(start), room, content_bytes_max);
    members.push(content);
    room -= content.length;
    rest = rest.subarray(start + length);
  } while (isGzip(rest) && members.length < members_max);
  const bytes = members.length === 1 ? members[0]! : Buffer.concat(members);
  return { bytes, warning: warningOf(members.length, rest) };
}

function headerLength(bytes: Buffer): number | null {
  try {
    const length = gzipHeaderLength(bytes);
    if (length !== null) return length;
  } catch (error) {
    if (error instanceof GzipError) return null;
    throw error;
  }
  throw new InputError('gzip_truncated', 'the gzip stream ends inside its header');
}

const trailer_bytes = 8; // CRC-32 and size, RFC 1952 section 2.3.1

/** One member's content, and the length of its deflate stream and trailer. */
function inflateMember(
  deflated: Buffer,
  room: number,
  content_bytes_max: number,
): { content: Buffer; length: number } {
  let content: Buffer;
  let length: number;
  try {
    const { buffer, engine } = inflateRawSync(deflated, {
      maxOutputLength: Math.max(room, 1),
      chunkSize: chunkSizeFor(deflated, room),
      info: true,
    }) as unknown as WithInfo;
    content = buffer;
    length = engine.bytesWritten;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(content_bytes_max);
    if (code === 'Z_BUF_ERROR') {
      throw new InputError('gzip_truncated', 'the gzip stream ends before its end');
    }
    throw new InputError('gzip_corrupt', `the gzip stream is damaged: ${(error as Error).message}`);
  }
  if (content.length > room) throw tooLarge(content_bytes_max);
  if (deflated.length < length + trailer_bytes) {
    throw new InputError('gzip_truncated', 'the gzip stream ends inside its trailer');
  }
  if (deflated.readUInt32LE(length) !== crc32(content)) {
    throw new InputError(
      'gzip_corrupt',
      'the content does not have the CRC-32 of its gzip trailer',
    );
  }
  if (deflated.readUInt32LE(length + 4) !== content.length % 2 ** 32) {
    throw new InputError('gzip_corrupt', 'the content does not have the size in its gzip trailer');
  }
  return { content, length: length + trailer_bytes };
}

function warningOf(members: number, rest: Buffer): Content['warning'] {
  if (rest.length > 0) {
    const detail = `${rest.length} bytes follow the gzip content and were not read; CloudTrail writes none`;
    // Tapes and block devices pad with zeros.
    const isPadding = rest.every((byte) => byte === 0);
    return { errorClass: 'gzip_trailing_data', detail, unreadBytes: isPadding ? 0 : rest.length };
  }
  if (members === 1) return null;
  const detail = `the file holds ${members} gzip members; CloudTrail writes one; all were read`;
  return { errorClass: 'gzip_multi_member', detail };
}

function tooLarge(content_bytes_max: number): InputError {
  return new InputError(
    'gzip_too_large',
    `the content is larger than ${content_bytes_max} bytes; raise --max-object-bytes if it is genuine`,
  );
}
