import { isAscii, isUtf8 } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import {
  FIELD_CONTEXT,
  fieldNames,
  GROUPS_MAX,
  STATUS_MALFORMED,
  STATUS_OK,
  STATUS_OTHER_ENVELOPE,
  STATUS_TOO_MANY_ROWS,
  SUMMARY_STOPPED_AT,
} from './row-layout.ts';
import type { EncoderExports } from './encoded-columns.ts';
import { RowEncoder } from './row-encoder.ts';
import { ScannedRows, type ScannedMemory } from './scanned-rows.ts';

/** What assembly/index.ts exports. */
interface Exports extends EncoderExports {
  summaryAt: WebAssembly.Global;
  setSeed(low: bigint, high: bigint): void;
  addToGroup(group: number, field: number): void;
  nextInterest(): number;
  addInterest(sourceLength: number, nameLength: number): void;
  groupCount(group: number): number;
  isCrowded(): number;
  reset(): void;
  forgetAll(): void;
  internFrom(row: number): void;
  inputFor(size: number): number;
  scan(size: number): number;
}

export type FieldName = string;

/** Events of another service; without `name`, all of that source. */
export interface EventOfInterest {
  /** eventSource, such as `cloudtrail.amazonaws.com`. */
  source: string;
  /** eventName, such as `PutEventSelectors`. */
  name?: string;
}

export interface ScannerOptions {
  /**
   * Up to 4 lists of top-level fields; each list is interned as one text. `requestParameters` goes without
   * its encryption context; `encryptionContext` goes up to ROW_CONTEXT_CUT.
   */
  groups?: readonly (readonly FieldName[])[];
  /** Up to 64 events of other services whose records get a row of kind `kept`. */
  interest?: readonly EventOfInterest[];
}

/** The scanner left the file to the plain reader. */
export interface NotScanned {
  ok: false;
  /**
   * `envelope`: valid perhaps, but not `{"Records":[...]}`; `malformed`: broken or cut off; `encoding`: no
   * UTF-8; `size`: too large, or too many tiny records for the fast way.
   */
  reason: 'envelope' | 'malformed' | 'encoding' | 'size';
  /** Byte offset where the scan stopped. */
  offset: number;
}

export type ScanResult = ScannedRows | NotScanned;

/**
 * Larger files go to the plain reader. CloudTrail closes a file at some tens of MB, uncompressed.
 * WASM memory never shrinks, so this also bounds what a worker holds on to: about twice this.
 */
const inputBytesMax = 256 * 1024 * 1024;

const reasons: Record<number, NotScanned['reason']> = {
  [STATUS_OTHER_ENVELOPE]: 'envelope',
  [STATUS_MALFORMED]: 'malformed',
  [STATUS_TOO_MANY_ROWS]: 'size',
};

/**
 * Finds the records of a CloudTrail log file, and the top-level fields of its KMS records, in one pass
 * over the uncompressed bytes in WASM memory. A file or a record that is not in the usual form is left
 * to the plain reader; what comes back as a KMS row has the values that JSON.parse would give.
 *
 * Not validated: what no field of a KMS row covers (other services' values, bracket kinds, numbers,
 * escapes). gzip's CRC stands for damage; text that is cut off is always refused.
 */
export class Scanner {
  /** Grows when the ids of the groups start again at 0: a caller then drops what it keeps by id. */
  generation = 0;
  /** Makes columns of the rows of the last scan. */
  readonly encoder: RowEncoder;
  readonly #wasm: Exports;
  #memory: ScannedMemory | undefined;
  #scanned = { inputAt: 0, ascii: true };

  constructor(options: ScannerOptions = {}) {
    const module = (compiled ??= new WebAssembly.Module(readFileSync(wasmFile())));
    this.#wasm = new WebAssembly.Instance(module).exports as unknown as Exports;
    const seed = randomBytes(16);
    this.#wasm.setSeed(seed.readBigInt64LE(0), seed.readBigInt64LE(8));
    this.#addGroups(options.groups ?? []);
    for (const event of options.interest ?? []) this.#addInterest(event);
    this.encoder = new RowEncoder(this.#wasm);
  }

  /**
   * Scans one file. The result is a view: it holds until the next call.
   */
  scan(bytes: Uint8Array): ScanResult {
    if (bytes.length > inputBytesMax) return { ok: false, reason: 'size', offset: 0 };
    const ascii = isAscii(bytes);
    if (!ascii && !isUtf8(bytes)) return { ok: false, reason: 'encoding', offset: 0 };
    const wasm = this.#wasm;
    if (wasm.isCrowded()) this.reset();
    const inputAt = wasm.inputFor(bytes.length);
    this.#view().bytes.set(bytes, inputAt);
    const status = wasm.scan(bytes.length);
    const view = this.#view();
    if (status !== STATUS_OK) {
      const offset = view.words[view.summaryAt + SUMMARY_STOPPED_AT]!;
      return { ok: false, reason: reasons[status] ?? 'malformed', offset };
    }
    this.#scanned = { inputAt, ascii };
    return new ScannedRows(view, inputAt, ascii);
  }

  /** The whole memory: views end when it grows, and are dear to make for each small file. */
  #view(): ScannedMemory {
    const { buffer } = this.#wasm.memory;
    if (this.#memory?.words.buffer !== buffer) {
      const summaryAt = (this.#wasm.summaryAt.value as number) / 4;
      this.#memory = { bytes: Buffer.from(buffer), words: new Uint32Array(buffer), summaryAt };
    }
    return this.#memory;
  }

  /** Forgets all texts; the ids of the groups start again. */
  reset(): void {
    this.#wasm.reset();
    this.generation++;
  }

  /**
   * Forgets all texts and tuples, which must have been taken, and gives the rows of the last scan from this
   * one on new ids. Their view begins anew: the memory may have moved.
   */
  startAnew(row = Infinity): ScannedRows {
    this.#wasm.forgetAll();
    this.generation++;
    if (Number.isFinite(row)) this.#wasm.internFrom(row);
    return new ScannedRows(this.#view(), this.#scanned.inputAt, this.#scanned.ascii);
  }

  /** The number of distinct texts of a group so far: its ids are 0 to this, exclusive. */
  distinct(group: number): number {
    return this.#wasm.groupCount(group);
  }

  #addGroups(groups: NonNullable<ScannerOptions['groups']>): void {
    if (groups.length > GROUPS_MAX) throw new RangeError(`at most ${GROUPS_MAX} groups`);
    groups.forEach((names, group) => {
      for (const name of names) this.#wasm.addToGroup(group, fieldNumber(name));
    });
  }

  #addInterest(event: EventOfInterest): void {
    const source = Buffer.from(JSON.stringify(event.source));
    const name =
      event.name === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(event.name));
    const at = this.#wasm.nextInterest();
    if (at === 0 || source.length > 112 || name.length > 128) {
      throw new RangeError(`no place for the event of interest ${source} ${name}`);
    }
    const memory = new Uint8Array(this.#wasm.memory.buffer);
    memory.set(source, at + 16);
    memory.set(name, at + 128);
    this.#wasm.addInterest(source.length, name.length);
  }
}

/** The number of a top-level field in a row's spans, or of `encryptionContext` for a group. */
export function fieldNumber(name: FieldName): number {
  if (name === 'encryptionContext') return FIELD_CONTEXT;
  const number = fieldNames.indexOf(name);
  if (number < 0) throw new RangeError(`the scanner knows no field ${name}`);
  return number;
}

let compiled: WebAssembly.Module | undefined;

/** The build puts it beside the compiled form of this file; tests run from the source. */
function wasmFile(): string {
  const places = ['./scanner.wasm', '../../dist/ingest/scanner/scanner.wasm'];
  const files = places.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const found = files.find((file) => existsSync(file));
  if (!found) throw new Error(`the scanner is not built (npm run build): looked for ${files[0]}`);
  return found;
}
