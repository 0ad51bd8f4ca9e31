import { z } from 'zod';
import { badParameters, ProblemError } from './problems.ts';

/**
 * The query string as raw parameters. Refuses a name the schema does not know and a repeated name
 * that is no list, because a parameter that is silently dropped answers another question.
 */
export function rawParams(
  search: URLSearchParams,
  schema: z.ZodObject,
  reserved: readonly string[] = [],
): Record<string, unknown> {
  const shape: Readonly<Record<string, unknown>> = schema.shape;
  const raw: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const name of new Set(search.keys())) {
    if (reserved.includes(name)) {
      if (search.getAll(name).length > 1) throw fault(name, 'given more than once');
      continue;
    }
    if (!Object.hasOwn(shape, name)) {
      throw fault(name.slice(0, 64), `unknown; known are ${Object.keys(shape).join(', ')}`);
    }
    const values = search.getAll(name);
    if (isList(shape[name])) raw[name] = values;
    else if (values.length > 1) throw fault(name, 'given more than once');
    else raw[name] = values[0];
  }
  return { ...raw };
}

/** Parses the query by the schema; throws the 400 problem. */
export function parseQuery<S extends z.ZodObject>(
  search: URLSearchParams,
  schema: S,
  reserved: readonly string[] = [],
): { raw: Record<string, unknown>; params: z.output<S> } {
  const raw = rawParams(search, schema, reserved);
  const parsed = schema.safeParse(raw);
  if (!parsed.success) throw badParameters(parsed.error);
  const { from, to } = parsed.data as { from?: unknown; to?: unknown };
  if (from instanceof Date && to instanceof Date && from >= to) {
    throw fault('from', 'must be before to: ranges are half-open [from, to)');
  }
  return { raw, params: parsed.data };
}

function isList(schema: unknown): boolean {
  let inner = schema;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodNullable
  ) {
    inner = inner.unwrap();
  }
  return inner instanceof z.ZodArray;
}

function fault(param: string, message: string): ProblemError {
  return new ProblemError(
    400,
    'bad_parameters',
    `${param}: ${message}`,
    'see /openapi.json or /docs for the parameters and their form',
    { faults: [{ param, message }] },
  );
}
