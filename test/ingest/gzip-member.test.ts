import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GzipError, readGzipMember } from '../../ingest/gzip-member.ts';

async function* inChunks(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const read = (bytes: Buffer, size = bytes.length, limitBytes = 1 << 26) =>
  readGzipMember(inChunks(bytes, size), { limitBytes, keep: true });

describe('readGzipMember', () => {
  test('gives content, size and hash whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 3000 }),
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 0, max: 9 }),
        async (bytes, size, level) => {
          const content = Buffer.from(bytes);
          const found = await read(gzipSync(content, { level }), size);
          expect(found.content?.equals(content)).toBe(true);
          expect(found.size_bytes).toBe(content.length);
          expect(found.sha256).toBe(createHash('sha256').update(content).digest('hex'));
          expect(found.trailing_data).toBe(false);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('reads large content in bounded pieces', async () => {
    const content = Buffer.alloc(20_000_000, 'keymeter ');
    const found = await read(gzipSync(content), 65_536);
    expect(found.sha256).toBe(createHash('sha256').update(content).digest('hex'));
  });

  test.each([
    ['a second member', gzipSync('more')],
    ['an empty second member', gzipSync('')],
    ['zero padding', Buffer.alloc(4)],
    ['one byte', Buffer.from('x')],
    ['text', Buffer.from('{"Records":[]}')],
  ])('says that %s follows, for every way to cut the bytes', async (_name, more) => {
    const member = gzipSync('{"Records":[]}');
    for (let size = 1; size <= member.length + more.length; size++) {
      const found = await read(Buffer.concat([member, more]), size);
      expect(found.trailing_data).toBe(true);
      expect(found.content?.toString()).toBe('{"Records":[]}');
    }
  });

  test('refuses every truncation, for every way to cut the bytes', async () => {
    const member = gzipSync('some content, some content');
    for (let length = 0; length < member.length; length++) {
      for (const size of [1, 7, member.length]) {
        await expect(read(member.subarray(0, length), size)).rejects.toThrow(GzipError);
      }
    }
  });

  test('agrees with zlib on every change of one byte', async () => {
    const content = Buffer.from('a trail of records, a trail of records and more');
    const member = gzipSync(content);
    for (let at = 0; at < member.length; at++) {
      for (const bit of [1, 2, 4, 8, 16, 32, 64, 128]) {
        const changed = Buffer.from(member);
        changed[at] = (changed[at] ?? 0) ^ bit;
        let expected: Buffer | null = null;
        try {
          expected = gunzipSync(changed);
        } catch {
          // damaged
        }
        const found = await read(changed).catch(() => null);
        expect(found?.content?.toString() ?? null).toBe(expected?.toString() ?? null);
      }
    }
  });

  test('understands every optional header field', async () => {
    const member = gzipSync('x');
    const header = Buffer.from(member.subarray(0, 10));
    header[3] = 4 | 8 | 16;
    const fields = Buffer.concat([
      Buffer.from([3, 0]),
      Buffer.from('abc'),
      Buffer.from('name\0note\0'),
    ]);
    const bytes = Buffer.concat([header, fields, member.subarray(10)]);
    expect(gunzipSync(bytes).toString()).toBe('x');
    for (let size = 1; size <= bytes.length; size++) {
      expect((await read(bytes, size)).content?.toString()).toBe('x');
    }
  });

  test('stops at the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(5_000_000));
    await expect(read(bomb, 1000, 1_000_000)).rejects.toThrow('1000000 bytes');
  });

  test('passes on what the stream throws', async () => {
    async function* broken() {
      yield gzipSync('x').subarray(0, 12);
      throw new Error('reset');
    }
    await expect(readGzipMember(broken(), { limitBytes: 100 })).rejects.toThrow('reset');
  });
});
