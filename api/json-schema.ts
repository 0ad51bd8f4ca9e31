import { z } from 'zod';
import { instantExamples } from '../analytics/params.ts';

export type JsonSchema = Record<string, unknown>;

/** JSON Schema 2020-12 of what goes in (`input`) or comes out of a schema, fit for OpenAPI 3.1. */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const made = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema;
  delete made['$schema'];
  return simplified(made) as JsonSchema;
}

/**
 * A parameter that takes text or an already parsed value (a Date, a boolean) is only text in a URL:
 * the alternatives give way to the type that its `.meta` names.
 */
function simplified(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(simplified);
  if (value === null || typeof value !== 'object') return value;
  const schema = value as JsonSchema;
  const copy: JsonSchema = {};
  for (const [name, part] of Object.entries(schema)) copy[name] = simplified(part);
  const alternatives = copy['anyOf'];
  if (Array.isArray(alternatives)) {
    if (typeof copy['type'] === 'string') delete copy['anyOf'];
    else if (alternatives.some((one) => (one as JsonSchema)['type'] === 'boolean')) {
      delete copy['anyOf'];
      copy['type'] = 'boolean';
    }
  }
  // Relative instants such as 7d are allowed too, so the format would refuse what the server takes.
  if (copy['format'] === 'date-time') {
    delete copy['format'];
    copy['examples'] = instantExamples;
  }
  return copy;
}

/** What a schema says of columns beyond JSON Schema's own words. */
const ownWords = new Set(['unit', 'headline']);

/**
 * The schema as OpenAPI takes it: members that JSON Schema does not know begin with `x-`. What
 * `GET /api/v1/analyses` answers has them without.
 */
export function withExtensions(schema: JsonSchema): JsonSchema {
  const marked = Object.entries(schema).map(([member, value]) => {
    if (ownWords.has(member)) return [`x-${member}`, value];
    if (member === 'properties') {
      const properties = Object.entries(value as Record<string, JsonSchema>);
      return [member, Object.fromEntries(properties.map(([n, own]) => [n, withExtensions(own)]))];
    }
    if (member === 'items') return [member, withExtensions(value as JsonSchema)];
    if (['anyOf', 'oneOf', 'allOf'].includes(member)) {
      return [member, (value as JsonSchema[]).map(withExtensions)];
    }
    return [member, value];
  });
  return Object.fromEntries(marked) as JsonSchema;
}
