import type { z } from 'zod';
import { jsonSchema, type JsonSchema } from './json-schema.ts';
import { parameterExamples } from './openapi-examples.ts';

export type Operation = Record<string, unknown>;

/** A GET with its parameters, what it answers, and the problems that any request can meet. */
export function operation(
  operationId: string,
  summary: string,
  query: z.ZodObject,
  responses: Record<string, unknown>,
  example: Readonly<Record<string, string>> = {},
): Operation {
  return {
    operationId,
    summary,
    tags: ['server'],
    parameters: queryParameters(query, example),
    responses: { ...responses, ...problems(400, 401, 403, 421, 429, 500, 504) },
  };
}

/** Statuses with which an operation can fail. */
export function problems(...statuses: number[]): Record<string, unknown> {
  return Object.fromEntries(
    statuses.map((status) => [String(status), { $ref: '#/components/responses/Problem' }]),
  );
}

function queryParameters(query: z.ZodObject, example: Readonly<Record<string, string>>) {
  const schema = jsonSchema(query, 'input');
  const properties = (schema['properties'] ?? {}) as Record<string, JsonSchema>;
  const required = new Set((schema['required'] ?? []) as string[]);
  return Object.entries(properties).map(([name, part]) => {
    const { description, ...type } = part;
    return {
      name,
      in: 'query',
      required: required.has(name),
      ...(description === undefined ? {} : { description }),
      schema: { ...type, ...(example[name] === undefined ? parameterExamples(name, type) : {}) },
      ...(example[name] === undefined ? {} : { example: typed(example[name], type) }),
    };
  });
}

/** An example of the command line as the JSON type that its schema names. */
function typed(text: string, schema: JsonSchema): unknown {
  if (schema['type'] === 'integer' || schema['type'] === 'number') return Number(text);
  if (schema['type'] === 'boolean') return text === 'true';
  if (schema['type'] === 'array') return [text];
  return text;
}
