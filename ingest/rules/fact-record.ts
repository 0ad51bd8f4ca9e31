import {
  actionFacts,
  addressFacts,
  ALWAYS,
  callFacts,
  clientFacts,
  derived,
  identityFacts,
  IS,
  keyFacts,
  paths,
  subjectFacts,
  UNLESS,
  WITH,
} from '../facts.ts';
import { isObject, type JsonObject } from '../records/record.ts';
import type { PathFacts } from './kms-event.ts';

/** A fact that is part of a rule's key, and when it counts. */
export interface Input {
  fact: number;
  /** ALWAYS, UNLESS, WITH or IS. */
  when: number;
  /** The other fact of UNLESS and WITH. */
  other: number;
  /** What IS compares with. */
  text: string | null;
  /** Names of the members from the record to the value. */
  steps: readonly string[];
}

/** Where derived facts stand in the record that a rule is given. */
const places: Record<string, string> = {
  '#context': 'requestParameters.encryptionContext',
  '#resources': 'resources',
  '#key': 'requestParameters.key',
  '#address': 'sourceIPAddress',
};

/** Reads a line of facts.ts. */
export function inputOf(line: string): Input {
  const [name, condition, right] = line.split(' ') as [string, string?, string?];
  const when = { unless: UNLESS, with: WITH, is: IS }[condition ?? ''] ?? ALWAYS;
  const other = when === UNLESS || when === WITH ? numberOf(right!) : 0;
  const steps = (places[name] ?? name).split('.');
  return { fact: numberOf(name), when, other, text: when === IS ? right! : null, steps };
}

function numberOf(name: string): number {
  const path = paths.indexOf(name);
  if (path >= 0) return path;
  const number = derived.indexOf(name);
  if (number < 0) throw new RangeError(`facts.ts has no fact ${name}`);
  return paths.length + number;
}

/** What a rule is given: a record with the facts that it may read and no other. */
export interface FactRecord {
  record: JsonObject;
  path: PathFacts;
}

/** The record of facts whose values are these; undefined for what is not there or does not count. */
export function factRecord(
  inputs: readonly Input[],
  valueOf: (input: number) => unknown,
): FactRecord {
  const record: JsonObject = {};
  const path: PathFacts = { account_id: null, region: null };
  for (let i = 0; i < inputs.length; i++) {
    const value = valueOf(i);
    if (value === undefined) continue;
    const { steps } = inputs[i]!;
    if (steps[0] === '@account') path.account_id = value as string;
    else if (steps[0] === '@region') path.region = value as string;
    else put(record, steps, value);
  }
  return { record, path };
}

function put(record: JsonObject, steps: readonly string[], value: unknown): void {
  let at = record;
  const last = steps.length - 1;
  for (let i = 0; i < last; i++) at = (at[steps[i]!] ??= {}) as JsonObject;
  at[steps[last]!] = value;
}

/** The facts of each rule, in the order of the rules' numbers. */
export const inputsOfRules: readonly (readonly Input[])[] = [
  callFacts,
  identityFacts,
  clientFacts,
  keyFacts,
  actionFacts,
  subjectFacts,
  addressFacts,
].map((lines) => lines.map(inputOf));

/** The facts of a rule out of a whole record: what the scanner gives of the same record. */
export function factRecordOf(rule: number, record: JsonObject, path: PathFacts): FactRecord {
  const inputs = inputsOfRules[rule]!;
  return factRecord(inputs, (i) => {
    const input = inputs[i]!;
    return counts(input, record) ? valueIn(input, record, path) : undefined;
  });
}

function counts({ when, other, text, steps }: Input, record: JsonObject): boolean {
  if (when === IS) return memberOf(record, steps) === text;
  if (when === ALWAYS) return true;
  const value = memberOf(record, paths[other]!.split('.'));
  if (when === UNLESS) return typeof value !== 'string' || value === '';
  return value !== undefined && value !== null;
}

function valueIn({ fact, steps }: Input, record: JsonObject, path: PathFacts): unknown {
  switch (derived[fact - paths.length]) {
    case '@account':
      return path.account_id ?? undefined;
    case '@region':
      return path.region ?? undefined;
    case '#context': {
      const parameters = memberOf(record, ['requestParameters']);
      const of = (name: string) => memberOf({ parameters }, ['parameters', name]) ?? undefined;
      return shapeOf(of('encryptionContext') ?? of('sourceEncryptionContext'), 0);
    }
    default:
      return memberOf(record, steps);
  }
}

/** A member by its path; undefined when it is not there. */
function memberOf(record: JsonObject, steps: readonly string[]): unknown {
  let at: unknown = record;
  for (const step of steps) {
    if (!isObject(at) || !Object.hasOwn(at, step)) return undefined;
    at = at[step];
  }
  return at;
}

/** The shape of a value (scan/assembly/shape.ts). */
function shapeOf(value: unknown, mark: number): unknown {
  let index = 0;
  const shape = (inner: unknown): unknown => {
    if (typeof inner === 'string') return shapeOfText(inner, `\0${mark}.${pad(index++)}\0`);
    if (Array.isArray(inner)) return inner.map(shape);
    if (!isObject(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).map(([name, own]) => [name, shape(own)]));
  };
  return shape(value);
}

const pad = (index: number) => String(index).padStart(2, '0');

function shapeOfText(text: string, mark: string): string {
  const slash = text.indexOf('/');
  const start = !text.startsWith('arn:') ? 0 : slash < 0 ? text.length : slash + 1;
  return start === text.length ? text : `${text.slice(0, start)}${mark}`;
}
