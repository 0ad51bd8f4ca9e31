import { encodeText } from '../../store/batch/utf8.ts';

/** A piece of a template: a text as it is, or one of the texts of a value of the row. */
type Piece = string | { mark: number; index: number };

/** What shapes have in the place of a text (assembly/shape.ts). */
// eslint-disable-next-line no-control-regex
const marks = /\0(\d)\.(\d\d)\0/;

/** The pieces of a rule's answer about a shape. */
export function piecesOf(answer: string): Piece[] {
  const pieces: Piece[] = [];
  const parts = answer.split(marks);
  for (let i = 0; i < parts.length; i += 3) {
    if (parts[i] !== '') pieces.push(parts[i]!);
    if (i + 2 < parts.length) {
      pieces.push({ mark: Number(parts[i + 1]), index: Number(parts[i + 2]) });
    }
  }
  return pieces;
}

/** The bytes of a template as assembly/encode.ts reads them; none for no text. */
export function templateBytes(answer: string): Buffer {
  const parts = piecesOf(answer).map((piece) => {
    if (typeof piece !== 'string') return Buffer.from([2, piece.mark, piece.index]);
    const text = encodeText(piece);
    const head = Buffer.alloc(5);
    head[0] = 1;
    head.writeUInt32LE(text.length, 1);
    return Buffer.concat([head, text]);
  });
  return Buffer.concat([...parts, Buffer.alloc(1)]);
}
