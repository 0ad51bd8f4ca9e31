import { InputError } from '../input-error.ts';

/** A form of file that is known by its first bytes and not read. */
interface Container {
  errorClass: string;
  name: string;
  fix: string;
  bytes: readonly number[];
  at?: number;
}

const ascii = (text: string) => [...Buffer.from(text, 'latin1')];
const archive = (name: string, fix: string, bytes: readonly number[], at = 0): Container => ({
  errorClass: 'archive',
  name,
  fix: `unpack it with \`${fix}\` and name the directory`,
  bytes,
  at,
});
const compressed = (name: string, fix: string, bytes: readonly number[]): Container => ({
  errorClass: 'compressed',
  name,
  fix: `unpack it with \`${fix}\``,
  bytes,
});
const other = (name: string, fix: string, bytes: readonly number[], at = 0): Container => ({
  errorClass: 'container',
  name,
  fix,
  bytes,
  at,
});

const containers: readonly Container[] = [
  archive('a zip archive', 'unzip FILE -d DIR', ascii('PK\x03\x04')),
  archive('a zip archive', 'unzip FILE -d DIR', ascii('PK\x05\x06')),
  archive('a tar archive', 'tar -xf FILE -C DIR', ascii('ustar'), 257),
  archive('a 7z archive', '7z x FILE -oDIR', ascii('7z\xbc\xaf\x27\x1c')),
  archive('a RAR archive', 'unrar x FILE DIR', ascii('Rar!\x1a\x07')),
  compressed('a zstd file', 'zstd -d FILE', [0x28, 0xb5, 0x2f, 0xfd]),
  compressed('a bzip2 file', 'bunzip2 -k FILE', ascii('BZh')),
  compressed('an xz file', 'unxz -k FILE', [0xfd, ...ascii('7zXZ'), 0]),
  compressed('a lz4 file', 'lz4 -d FILE', [0x04, 0x22, 0x4d, 0x18]),
  compressed('a snappy file', 'snzip -d FILE', [0xff, 6, 0, 0, ...ascii('sNaPpY')]),
  other(
    'a Parquet file',
    "write its records as JSON, for example `duckdb -c \"COPY (FROM 'FILE') TO 'FILE.json'\"`",
    ascii('PAR1'),
  ),
  other('an ORC file', 'write its records as JSON', ascii('ORC')),
  other('an Avro file', 'write its records as JSON', ascii('Obj\x01')),
  other('a SQLite database', 'write its records as JSON', ascii('SQLite format 3\0')),
  other('a DuckDB database', 'name the logs it was made of', ascii('DUCK'), 8),
];

function containerOf(bytes: Buffer): Container | undefined {
  return containers.find(({ bytes: magic, at = 0 }) =>
    magic.every((byte, i) => bytes[at + i] === byte),
  );
}

/** Where NUL shows a file that is no text. */
const startLength = 1_024;

/**
 * The content as UTF-8: UTF-16 with or without a byte order mark (PowerShell's `>`) is decoded, the rest
 * passes as it is. Throws InputError archive, compressed, container or binary_file, which names the form.
 */
export function utf8Of(content: Buffer): Buffer {
  const container = containerOf(content);
  if (container) {
    const { errorClass, name, fix } = container;
    throw new InputError(errorClass, `the file is ${name}: ${fix}`);
  }
  const encoding = utf16Of(content);
  if (encoding) return decoded(content, encoding);
  if (content.subarray(0, startLength).includes(0) && !startsLikeJson(content)) {
    throw new InputError('binary_file', 'neither text nor a form of file that is known');
  }
  return content;
}

function utf16Of(bytes: Buffer): 'le' | 'be' | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'be';
  if (bytes.length < 4) return null;
  const [a, b, c, d] = bytes;
  if (a !== 0 && b === 0 && c !== 0 && d === 0) return 'le';
  if (a === 0 && b !== 0 && c === 0 && d !== 0) return 'be';
  return null;
}

/** An odd last byte is half a character: it becomes U+FFFD, which is then part of what is read. */
function decoded(bytes: Buffer, encoding: 'le' | 'be'): Buffer {
  const text = new TextDecoder(`utf-16${encoding}`).decode(bytes);
  return Buffer.from(text, 'utf8');
}

const startsLikeJson = (bytes: Buffer) => /^\s*[{["]/.test(bytes.toString('latin1', 0, 64));

/** So much of an object of unknown name is looked at first. */
export const sniffBytes = 4_096;

/**
 * Throws InputError no_log when an object of unknown name does not begin like a log: neither gzip nor text.
 * What is known to hold files (an archive) passes, to be named.
 */
export function refuseNoLog(start: Buffer): void {
  if (start[0] === 0x1f && start[1] === 0x8b) return;
  try {
    utf8Of(start);
  } catch (error) {
    if (!(error instanceof InputError) || error.errorClass === 'binary_file') throw noLog();
  }
}

/** What an object of unknown name is when its content is of no form that is known. */
export function noLog(): InputError {
  return new InputError('no_log', 'neither gzip nor JSON nor a text of a known form', 'skipped');
}

/** Classes that say no more of an object of unknown name than that it is no log. */
export const noLogClasses: ReadonlySet<string> = new Set([
  'empty_file',
  'binary_file',
  'not_json',
  'not_a_log',
  'markup',
]);
