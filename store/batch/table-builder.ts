import type { Column, Table } from './event-batch.ts';

interface BuilderColumn {
  name: string;
  /** Adds the value of the next row. */
  add(value: unknown): void;
  /** The column so far, which is then empty. */
  take(): Column;
}

/** Columns that grow row by row: texts, and booleans. */
export class TableBuilder {
  readonly #columns: BuilderColumn[];
  #rowCount = 0;

  constructor(columns: readonly { name: string; type: string }[]) {
    this.#columns = columns.map(({ name, type }) =>
      type === 'BOOLEAN' ? booleans(name) : texts(name),
    );
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  /** Adds the values of these names; more of them do no harm. */
  add(row: object): void {
    this.#rowCount++;
    for (const column of this.#columns) {
      column.add((row as Record<string, unknown>)[column.name] ?? null);
    }
  }

  /** The rows so far; the builder is empty then. */
  take(): Table {
    const rowCount = this.#rowCount;
    this.#rowCount = 0;
    const columns = this.#columns.map((column) => [column.name, column.take()] as const);
    return { rowCount, columns: Object.fromEntries(columns) };
  }
}

function texts(name: string): BuilderColumn {
  let bytes = Buffer.allocUnsafeSlow(1024);
  let offsets = new Uint32Array(65);
  let valid = new Uint8Array(64);
  let rows = 0;
  let hasNull = false;
  const grow = (): void => {
    const largerOffsets = new Uint32Array(2 * valid.length + 1);
    const largerValid = new Uint8Array(2 * valid.length);
    largerOffsets.set(offsets);
    largerValid.set(valid);
    offsets = largerOffsets;
    valid = largerValid;
  };
  return {
    name,
    add(value) {
      if (rows === valid.length) grow();
      let end = offsets[rows]!;
      if (value === null) {
        hasNull = true;
        valid[rows] = 0;
      } else {
        const text = value as string;
        // UTF-8 has at most three bytes for a UTF-16 unit.
        if (end + 3 * text.length > bytes.length) {
          const larger = Buffer.allocUnsafeSlow(2 * bytes.length + 3 * text.length);
          larger.set(bytes.subarray(0, end));
          bytes = larger;
        }
        // Half a pair of surrogates becomes U+FFFD here too.
        end += bytes.write(text, end, 'utf8');
        valid[rows] = 1;
      }
      offsets[++rows] = end;
    },
    take() {
      const column: Column = {
        kind: 'text',
        bytes: new Uint8Array(bytes.subarray(0, offsets[rows])),
        offsets: offsets.slice(0, rows + 1),
        ...(hasNull ? { valid: valid.slice(0, rows) } : {}),
      };
      rows = 0;
      hasNull = false;
      return column;
    },
  };
}

function booleans(name: string): BuilderColumn {
  let values: (boolean | null)[] = [];
  return {
    name,
    add: (value) => values.push(value as boolean | null),
    take() {
      const column: Column = {
        kind: 'boolean',
        data: Uint8Array.from(values, (value) => (value ? 1 : 0)),
        ...(values.includes(null)
          ? { valid: Uint8Array.from(values, (value) => (value === null ? 0 : 1)) }
          : {}),
      };
      values = [];
      return column;
    },
  };
}
