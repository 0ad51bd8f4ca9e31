import { isAscii, isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { IS, PATH_ACCOUNT, PATH_REGION, RULES } from '../facts.ts';
import { inputsOfRules, type Input } from '../rules/fact-record.ts';
import { heldByColumns, type PathFacts } from '../rules/kms-event.ts';
import {
  ROW_END,
  ROW_KIND,
  ROW_RECORD,
  ROW_START,
  ROW_WORDS,
  KIND_UNUSUAL,
  STATUS_MALFORMED,
  STATUS_OK,
  STATUS_OTHER_ENVELOPE,
  STATUS_TOO_MANY_ROWS,
  SUMMARY_END,
} from './layout.ts';

/** What assembly/index.ts exports. */
export interface ScannerExports {
  memory: WebAssembly.Memory;
  summaryAt: WebAssembly.Global;
  rowsAt: WebAssembly.Global;
  waitingAt: WebAssembly.Global;
  events: WebAssembly.Global;
  related: WebAssembly.Global;
  setSeed(low: bigint, high: bigint): void;
  allocate(bytes: number): number;
  addInput(rule: number, fact: number, when: number, other: number): void;
  setWanted(rule: number, input: number, code: number): void;
  setDerived(fact: number, code: number): void;
  nextHeld(): number;
  addHeld(length: number): void;
  forgetRelated(): void;
  nextRelated(): number;
  addRelated(sourceLength: number, nameLength: number): void;
  isCrowded(): number;
  forget(): void;
  inputFor(size: number): number;
  scan(size: number): number;
  encode(row: number): number;
  codeOf(fact: number, at: number, length: number): number;
  textStart(code: number): number;
  textLength(code: number): number;
  entryCount(rule: number): number;
  codesOf(rule: number, entry: number): number;
  newEntry(rule: number, codes: number): number;
  roomFor(bytes: number): number;
  setAnswer(rule: number, entry: number, flags: number, template: number): void;
  keepWaiting(events: number, related: number): void;
  roomForText(column: number, length: number): number;
  endText(column: number, length: number): void;
  setNull(column: number): void;
  endEvent(row: number): void;
  endRelated(row: number): void;
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

/** The file was scanned up to `end`, a byte offset; what follows is not part of the document. */
export type ScanResult = { ok: true; end: number } | NotScanned;

/** Events of other services to keep: names by eventSource. */
export type RelatedNames = ReadonlyMap<string, ReadonlySet<string>>;

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
 * Finds the records of a CloudTrail log file in one pass over the uncompressed bytes in WASM memory, and the
 * facts of those that are wanted. Records that are not in the usual form are left to the plain reader.
 *
 * Of records of other services that are not kept, objects and arrays are only passed over, not validated:
 * gzip's CRC finds damage; text that is cut off is always refused.
 */
export class Scanner {
  readonly wasm: ScannerExports;
  /** What the facts of each rule are, in the order of its codes. */
  readonly inputs: readonly (readonly Input[])[];
  /** Goes up when all is forgotten: codes and entries start again. */
  generation = 0;
  /** The bytes and the words of all memory. */
  bytes: Buffer;
  words: Uint32Array;
  #kept: RelatedNames | undefined;
  #inputAt = 0;
  #ascii = true;

  constructor() {
    const module = (compiled ??= new WebAssembly.Module(readFileSync(wasmFile())));
    this.wasm = new WebAssembly.Instance(module).exports as unknown as ScannerExports;
    this.bytes = Buffer.from(this.wasm.memory.buffer);
    this.words = new Uint32Array(this.wasm.memory.buffer);
    const seed = randomBytes(16);
    this.wasm.setSeed(seed.readBigInt64LE(0), seed.readBigInt64LE(8));
    this.inputs = inputsOfRules;
    for (let rule = 0; rule < RULES; rule++) {
      for (const { fact, when, other } of this.inputs[rule]!) {
        this.wasm.addInput(rule, fact, when, other);
      }
    }
    for (const name of heldByColumns) {
      this.wasm.addHeld(this.#write(JSON.stringify(name), this.wasm.nextHeld(), 32));
    }
    this.#setWanted();
  }

  /** Keeps events of other services with these names from now on. */
  keep(names: RelatedNames): void {
    if (names === this.#kept) return;
    this.#kept = names;
    this.wasm.forgetRelated();
    for (const [source, ofSource] of names) {
      for (const name of ofSource) {
        const at = this.wasm.nextRelated();
        const sourceLength = this.#write(JSON.stringify(source), at && at + 16, 112);
        const nameLength = this.#write(JSON.stringify(name), at && at + 128, 128);
        this.wasm.addRelated(sourceLength, nameLength);
      }
    }
  }

  /** Scans one file: its rows hold until the next call. */
  scan(content: Uint8Array, path: PathFacts): ScanResult {
    if (content.length > inputBytesMax) return { ok: false, reason: 'size', offset: 0 };
    this.#ascii = isAscii(content);
    if (!this.#ascii && !isUtf8(content)) return { ok: false, reason: 'encoding', offset: 0 };
    this.#setPath(path);
    this.#inputAt = this.wasm.inputFor(content.length);
    this.view();
    this.bytes.set(content, this.#inputAt);
    const status = this.wasm.scan(content.length);
    this.view();
    const end = this.summary(SUMMARY_END);
    if (status === STATUS_OK) return { ok: true, end };
    return { ok: false, reason: reasons[status] ?? 'malformed', offset: end };
  }

  /** Forgets all facts and entries. No row may refer to them any more. */
  forget(): void {
    this.wasm.forget();
    this.generation++;
    this.#setWanted();
  }

  /** Views end when memory grows, and making them for each small file would cost. */
  view(): void {
    const { buffer } = this.wasm.memory;
    if (this.words.buffer === buffer) return;
    this.bytes = Buffer.from(buffer);
    this.words = new Uint32Array(buffer);
  }

  /** A value of the summary of the last scan, at its SUMMARY_ place. */
  summary(place: number): number {
    return this.words[(this.wasm.summaryAt.value as number) / 4 + place]! | 0;
  }

  word(row: number, word: number): number {
    return this.words[(this.wasm.rowsAt.value as number) / 4 + row * ROW_WORDS + word]!;
  }

  isUnusual(row: number): boolean {
    return this.word(row, ROW_KIND) === KIND_UNUSUAL;
  }

  /** Position of the record in the Records array. */
  record(row: number): number {
    return this.word(row, ROW_RECORD);
  }

  /** The JSON text of the whole record. */
  recordText(row: number): string {
    const start = this.#inputAt + this.word(row, ROW_START);
    return this.text(start, this.#inputAt + this.word(row, ROW_END) - start);
  }

  /** The text of some bytes of the last file. */
  text(start: number, length: number): string {
    return this.bytes.toString(this.#ascii ? 'latin1' : 'utf8', start, start + length);
  }

  /** Room for one row outside of those of a file; its address. */
  rowRoom(): number {
    return (this.#rowAt ||= this.wasm.allocate(4 * ROW_WORDS));
  }

  /** The code of a text as JSON; the same text has the same code. */
  #codeOf(value: unknown): number {
    const length = this.#write(JSON.stringify(value), this.#scratch(), scratchBytes);
    return this.wasm.codeOf(0, this.#scratchAt, length);
  }

  #scratchAt = 0;
  #rowAt = 0;
  #scratch(): number {
    this.#scratchAt ||= this.wasm.allocate(scratchBytes);
    return this.#scratchAt;
  }

  #setWanted(): void {
    this.inputs.forEach((inputs, rule) => {
      inputs.forEach(({ when, text }, i) => {
        if (when === IS) this.wasm.setWanted(rule, i, this.#codeOf(text));
      });
    });
  }

  #setPath({ account_id, region }: PathFacts): void {
    const codeOf = (text: string | null) => (text === null ? 0 : this.#codeOf(text));
    this.wasm.setDerived(PATH_ACCOUNT, codeOf(account_id));
    this.wasm.setDerived(PATH_REGION, codeOf(region));
  }

  /** Writes a text into memory; its length. */
  #write(text: string, at: number, room: number): number {
    const bytes = Buffer.from(text);
    if (at === 0 || bytes.length > room) throw new RangeError(`no place for ${text}`);
    this.view();
    this.bytes.set(bytes, at);
    return bytes.length;
  }
}

const scratchBytes = 1024;

let compiled: WebAssembly.Module | undefined;

/** The build puts it beside the compiled form of this file; tests run from the source. */
function wasmFile(): string {
  const places = ['./scanner.wasm', '../../dist/ingest/scan/scanner.wasm'];
  const files = places.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const found = files.find((file) => existsSync(file));
  if (!found) throw new Error(`the scanner is not built (npm run build): looked for ${files[0]}`);
  return found;
}
