import { derived, paths } from '../facts.ts';
import type { JsonObject } from '../records/record.ts';
import type { PathFacts } from '../rules/kms-event.ts';
import { ALWAYS, IS, UNLESS, WITH } from './layout.ts';

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
