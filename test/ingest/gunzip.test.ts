import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentOf } from '../../ingest/gunzip.ts';
import { InputError } from '../../ingest/input-error.ts';

const cap = 1_000_000;
const log = Buffer.from('{"Records":[]}');
const gz = gzipSync(log);
const size = gz.subarray(-4);

/** Content and warning, or the class of the refusal. */
function outcomeOf(raw: Buffer, content_bytes_max = cap): string {
  try {
    const { bytes, warning } = contentOf(raw, content_bytes_max);
    return `${bytes.toString()} ${warning?.errorClass ?? ''}`.trim();
  } catch (error) {
    if (error instanceof InputError) return error.errorClass;
    throw error;
  }
}

const damaged = (at: number) => {
  const copy = Buffer.from(gz);
  copy[at < 0 ? copy.length + at : at]! ^= 0x10;
  return copy;
};

const named = (flags: number, extra: Buffer) =>
  Buffer.concat([
    gz.subarray(0, 3),
    Buffer.from([flags]),
    gz.subarray(4, 10),
    extra,
    gz.subarray(10),
  ]);

describe('an object’s bytes', () => {
  const text = log.toString();
  const cases: [name: string, raw: Buffer, outcome: string][] = [
    ['gzip', gz, text],
    ['gzip with a file name', named(8, Buffer.from('a.json\0')), text],
    ['gzip with an extra field', named(4, Buffer.from([2, 0, 1, 2])), text],
    ['plain text', log, text],
    ['nothing', Buffer.alloc(0), 'empty_file'],
    ['two members', Buffer.concat([gz, gz]), `${text}${text} gzip_multi_member`],
    ['zero padding', Buffer.concat([gz, Buffer.alloc(3)]), `${text} gzip_trailing_data`],
    [
      'a hidden tail with the right size',
      Buffer.concat([gz, Buffer.from('\0hidden'), size]),
      `${text} gzip_trailing_data`,
    ],
    [
      'a member behind a zero',
      Buffer.concat([gz, Buffer.alloc(1), gz]),
      `${text} gzip_trailing_data`,
    ],
    ['a tail of text', Buffer.concat([gz, Buffer.from('tail')]), `${text} gzip_trailing_data`],
    [
      'a tail that begins like gzip',
      Buffer.concat([gz, Buffer.from([0x1f, 0x8b, 9, 0, 0, 0, 0, 0, 0, 0])]),
      `${text} gzip_trailing_data`,
    ],
    ['half a second member', Buffer.concat([gz, gz.subarray(0, 20)]), 'gzip_truncated'],
    ['only a header', gz.subarray(0, 10), 'gzip_truncated'],
    ['half a header', gz.subarray(0, 5), 'gzip_truncated'],
    ['half', gz.subarray(0, gz.length >> 1), 'gzip_truncated'],
    ['no trailer', gz.subarray(0, -8), 'gzip_truncated'],
    ['one byte less', gz.subarray(0, -1), 'gzip_truncated'],
    ['a flipped bit of the size', damaged(-1), 'gzip_corrupt'],
    ['a flipped bit of the CRC', damaged(-8), 'gzip_corrupt'],
    ['a flipped bit of the method', damaged(2), 'gzip_corrupt'],
    ['compressed twice', gzipSync(gz), 'gzip_double'],
  ];
  test.each(cases)('%s', (_, raw, outcome) => {
    expect(outcomeOf(raw)).toBe(outcome);
  });

  test('that unpack to more than the cap are refused, however they are cut', () => {
    const bomb = gzipSync(Buffer.alloc(cap + 1));
    expect(outcomeOf(bomb)).toBe('gzip_too_large');
    expect(outcomeOf(bomb, cap + 1)).toBe('\0'.repeat(cap + 1));
    const half = gzipSync(Buffer.alloc(cap / 2 + 1, 'x'));
    expect(outcomeOf(Buffer.concat([half, half]))).toBe('gzip_too_large');
    expect(outcomeOf(Buffer.concat([gzipSync('x'), gzipSync('')]), 1)).toBe('x gzip_multi_member');
    expect(outcomeOf(Buffer.alloc(cap + 1, 'x'))).toBe('gzip_too_large');
  });

  test('come out as Node’s gunzip gives them, or are refused where it refuses', () => {
    const raw = fc
      .tuple(fc.string({ minLength: 1 }), fc.integer({ min: 0, max: 9 }), fc.nat(), fc.nat(8))
      .map(([content, level, at, bit]) => {
        const bytes = gzipSync(`{${content}`, { level });
        // Bit 8 flips nothing. The header is left alone: its time and system mean nothing.
        if (bit < 8) bytes[10 + (at % (bytes.length - 10))]! ^= 1 << bit;
        return bytes;
      });
    fc.assert(
      fc.property(raw, (bytes) => {
        let expected: string | null = null;
        try {
          expected = gunzipSync(bytes).toString();
        } catch {}
        if (expected !== null) expect(outcomeOf(bytes)).toBe(expected.trim());
        else expect(outcomeOf(bytes)).toMatch(/^gzip_(corrupt|truncated|trailing_data)$/);
      }),
      { numRuns: 500 },
    );
  });
});
