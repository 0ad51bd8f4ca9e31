import type { Analysis } from '../analytics/analysis.ts';
import { columnsOf } from '../analytics/columns.ts';
import { jsonSchema, type JsonSchema } from './json-schema.ts';

/** The JSON Schema of an analysis' rows; each column has its display `title`, chosen ones `headline`. */
export function rowSchema(analysis: Analysis): JsonSchema {
  const schema = jsonSchema(analysis.row, 'output');
  const properties = schema['properties'] as Record<string, JsonSchema>;
  const described = columnsOf(analysis).map(({ name, title, unit, description, headline }) => [
    name,
    {
      ...properties[name],
      title,
      ...(unit === null ? {} : { unit }),
      ...(description === '' ? {} : { description }),
      ...(headline ? { headline: true } : {}),
    },
  ]);
  return { ...schema, properties: Object.fromEntries(described) as Record<string, JsonSchema> };
}
