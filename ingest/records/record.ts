/** A JSON object of which nothing is known. */
export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field as an object; anything else is as if it were absent. */
export function objectField(value: JsonObject, name: string): JsonObject | null {
  const field = value[name];
  return isObject(field) ? field : null;
}

/** A field as a non-empty string; numbers become text; anything else is as if it were absent. */
export function textField(value: JsonObject | null, name: string): string | null {
  if (value === null || !Object.hasOwn(value, name)) return null;
  const field = value[name];
  if (typeof field === 'string') return field === '' ? null : field;
  if (typeof field === 'number') return String(field);
  return null;
}
