import { textColumn } from './batch-encoder.ts';
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
  let values: (string | null)[] = [];
  return {
    name,
    add: (value) => values.push(value as string | null),
    take() {
      const column = textsColumn(values);
      values = [];
      return column;
    },
  };
}

/** All texts in one go: where they are ASCII, their lengths say where each begins. */
function textsColumn(values: readonly (string | null)[]): Column {
  const joined = values.join('');
  const bytes = Buffer.from(joined, 'utf8');
  // Where they are not, half a pair of surrogates may stand at the end of one: it becomes U+FFFD.
  if (bytes.length !== joined.length) return textColumn([...values]);
  const offsets = new Uint32Array(values.length + 1);
  let valid: Uint8Array | undefined;
  let end = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (value === null) (valid ??= new Uint8Array(values.length).fill(1))[row] = 0;
    else end += value.length;
    offsets[row + 1] = end;
  }
  return { kind: 'text', bytes: new Uint8Array(bytes), offsets, ...(valid ? { valid } : {}) };
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
