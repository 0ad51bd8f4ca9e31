import { randomUUID } from 'node:crypto';
import {
  byDimension,
  dimensionColumns,
  dimensionNames,
  type DictionaryDelta,
  type DimensionName,
  type Facts,
} from '../../store/batch/event-batch.ts';
import { TableBuilder } from '../../store/batch/table-builder.ts';
import { ADDRESSES, CALLS, paths, RULES, SUBJECTS } from '../facts.ts';
import { textField } from '../records/record.ts';
import { sourceIp } from '../rules/client.ts';
import { derive } from '../rules/derive.ts';
import { callerOf, type callOf } from '../rules/kms-event.ts';
import { resourceOf } from '../rules/related.ts';
import { factRecord, type FactRecord } from '../rules/fact-record.ts';
import { FLAG_ADDRESS, FLAG_PARAMETERS_HELD, FLAG_UNUSUAL } from '../scan/layout.ts';
import type { Scanner } from '../scan/scanner.ts';
import { templateBytes } from '../scan/template.ts';

/** Values that are remembered by their code, at most. */
const valuesMax = 1 << 16;

/**
 * Entries of the dimensions: asks the rules about each new combination of facts, once, and keeps what they say
 * for the next delta.
 */
export class Entries {
  readonly #scanner: Scanner;
  readonly #builders = byDimension((name) => new TableBuilder(dimensionColumns(name)));
  /** Entries by rule whose answer is known, those that came from outside included. */
  #answered: number[] = Array.from({ length: RULES }, () => 0);
  /** Entries that were in the last delta. */
  #taken = byDimension(() => 0);
  /** Of tuples that came from outside, by dimension and values. */
  readonly #added = new Map<string, number>();
  readonly #values: unknown[] = [];
  /** 1 for the codes whose values were asked for. */
  readonly #asked = new Uint8Array(valuesMax);
  #dictionary = randomUUID();

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  /** All entries are forgotten and start again at 0; what was added since the last delta must be taken. */
  forget(): void {
    this.#answered = Array.from({ length: RULES }, () => 0);
    this.#taken = byDimension(() => 0);
    this.#added.clear();
    this.#values.length = 0;
    this.#asked.fill(0);
    this.#dictionary = randomUUID();
  }

  /** Asks the rules about what the last scan found. */
  ask(): void {
    const { wasm } = this.#scanner;
    for (let rule = 0; rule < RULES; rule++) {
      const count = wasm.entryCount(rule);
      for (let entry = this.#answered[rule]!; entry < count; entry++) this.#ask(rule, entry);
      this.#answered[rule] = count;
    }
  }

  #ask(rule: number, entry: number): void {
    const scanner = this.#scanner;
    const inputs = scanner.inputs[rule]!;
    const codesAt = scanner.wasm.codesOf(rule, entry) / 4;
    const facts = factRecord(inputs, (i) => {
      const code = scanner.words[codesAt + i]!;
      return code === 0 ? undefined : this.#valueOf(code);
    });
    const dimension = dimensionNames[rule];
    if (dimension === undefined) return this.#answer(rule, entry, facts);
    const tuple = derive(dimension, facts);
    this.#builders[dimension].add(tuple);
    if (rule !== CALLS) return;
    const { operation_class, resource_arn } = tuple as ReturnType<typeof callOf>;
    const flags = operation_class === 'cryptographic' ? FLAG_PARAMETERS_HELD : 0;
    this.#setAnswer(rule, entry, flags, resource_arn);
  }

  /** Rules of related events whose answers are no columns of a dimension. */
  #answer(rule: number, entry: number, { record, path }: FactRecord): void {
    if (rule === ADDRESSES) {
      const source = textField(record, 'sourceIPAddress');
      const isAddress = sourceIp(source, textField(record, 'userAgent')) !== null;
      return this.#setAnswer(rule, entry, isAddress ? FLAG_ADDRESS : 0, null);
    }
    if (rule !== SUBJECTS) throw new Error(`there is no rule ${rule}`);
    const { caller_account_id } = callerOf(record, path);
    const region = textField(record, 'awsRegion') ?? path.region;
    const resource = resourceOf(
      record,
      textField(record, 'eventSource') ?? '',
      region,
      caller_account_id,
    );
    this.#setAnswer(rule, entry, 0, resource);
  }

  #setAnswer(rule: number, entry: number, flags: number, resource: string | null): void {
    const { wasm } = this.#scanner;
    if (resource === null) return wasm.setAnswer(rule, entry, flags, 0);
    if (resource.includes('\0') && this.#hasZero(rule, entry)) {
      return wasm.setAnswer(rule, entry, flags | FLAG_UNUSUAL, 0);
    }
    const template = templateBytes(resource);
    const at = wasm.roomFor(template.length);
    if (at === 0) throw new RangeError('the scanner has no room for a template');
    this.#scanner.view();
    this.#scanner.bytes.set(template, at);
    wasm.setAnswer(rule, entry, flags, at);
  }

  /** Whether a fact that is no shape has a zero character: it could pass for a mark. */
  #hasZero(rule: number, entry: number): boolean {
    const { inputs, wasm, words } = this.#scanner;
    const codesAt = wasm.codesOf(rule, entry) / 4;
    return inputs[rule]!.some(({ fact }, i) => {
      const code = words[codesAt + i]!;
      if (code === 0 || fact >= paths.length) return false;
      return JSON.stringify(this.#valueOf(code)).includes(String.raw`\u0000`);
    });
  }

  /** A value that is asked for again is remembered; most of those that are new never are. */
  #valueOf(code: number): unknown {
    const known = this.#values[code];
    if (known !== undefined) return known;
    const { wasm, bytes } = this.#scanner;
    const start = wasm.textStart(code);
    const value = valueIn(bytes, start, start + wasm.textLength(code));
    if (code < valuesMax) {
      if (this.#asked[code] === 1) this.#values[code] = value;
      else this.#asked[code] = 1;
    }
    return value;
  }

  /** The entry of a row that was read plainly. */
  entryOf(dimension: DimensionName, event: object, facts: Facts): number {
    const row: Record<string, unknown> = { ...event, facts: facts[dimension] };
    const tuple = dimensionColumns(dimension).map(({ name }) => row[name] ?? null);
    const key = `${dimension}${JSON.stringify(tuple)}`;
    const known = this.#added.get(key);
    if (known !== undefined) return known;
    const rule = dimensionNames.indexOf(dimension);
    const entry = this.#scanner.wasm.newEntry(rule, 0);
    this.#answered[rule] = entry + 1;
    this.#builders[dimension].add(row);
    if (this.#added.size < valuesMax) this.#added.set(key, entry);
    return entry;
  }

  /** What was added since the delta before. */
  takeDelta(): DictionaryDelta {
    const from = { ...this.#taken };
    const tables = byDimension((name) => this.#builders[name].take());
    this.#taken = byDimension((name) => from[name] + tables[name].rowCount);
    return { dictionary: this.#dictionary, from, tables };
  }
}

/** The value of a valid JSON text, which is a plain string nearly always. */
function valueIn(bytes: Buffer, start: number, end: number): unknown {
  if (bytes[start] !== 0x22) return JSON.parse(bytes.toString('utf8', start, end));
  const text = bytes.toString('utf8', start + 1, end - 1);
  return text.includes('\\') ? JSON.parse(`"${text}"`) : text;
}
