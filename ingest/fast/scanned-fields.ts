import type { JsonObject } from '../records/record.ts';
import type { ScannedRows } from '../scanner/scanned-rows.ts';
import { fieldNumber } from '../scanner/scanner.ts';

/** Thrown when a text that the scanner passed is no JSON: then the plain reader reads the file. */
export class NotJson extends Error {}

/** Fields with the numbers that the scanner knows them by. */
export type NumberedFields = readonly (readonly [name: string, number: number])[];

export const numbered = (names: readonly string[]): NumberedFields =>
  names.map((name) => [name, fieldNumber(name)]);

/** Some fields of a record, parsed. */
export function fieldsOf(rows: ScannedRows, row: number, names: NumberedFields): JsonObject {
  const fields: JsonObject = {};
  for (const [name, number] of names) {
    const text = rows.field(row, number);
    if (text !== undefined) fields[name] = parse(text);
  }
  return fields;
}

/** Throws NotJson. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new NotJson();
  }
}
