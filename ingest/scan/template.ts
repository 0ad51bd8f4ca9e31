/** Bytes that the pieces of a template take beside its texts, at most: marks are two digits. */
const marksMax = 128;
let room = Buffer.allocUnsafeSlow(4096);

/**
 * The bytes of a template as assembly/encode.ts reads them, valid until the next call. A mark in the answer,
 * `\0<value>.<text>\0` (assembly/shape.ts), stands for a text of the row; all else is taken as it is.
 */
export function templateBytes(answer: string): Uint8Array {
  const most = 3 * answer.length + 8 * marksMax;
  if (most > room.length) room = Buffer.allocUnsafeSlow(2 * most);
  let end = 0;
  for (let from = 0; from < answer.length;) {
    const mark = answer.indexOf('\0', from);
    const to = mark < 0 ? answer.length : mark;
    if (to > from) end = writeText(answer.slice(from, to), end);
    if (mark < 0) break;
    // One digit, a point, two digits, and the closing zero.
    room[end++] = 2;
    room[end++] = digit(answer, mark + 1);
    room[end++] = 10 * digit(answer, mark + 3) + digit(answer, mark + 4);
    from = mark + 6;
  }
  room[end++] = 0;
  return room.subarray(0, end);
}

function writeText(text: string, at: number): number {
  const length = room.write(text, at + 5, 'utf8');
  room[at] = 1;
  room.writeUInt32LE(length, at + 1);
  return at + 5 + length;
}

const digit = (text: string, at: number) => text.charCodeAt(at) - 0x30;
