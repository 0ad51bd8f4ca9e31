import { Option, type Command } from 'commander';
import { z } from 'zod';
import type { Analysis } from '../analytics/analysis.ts';

interface ParamSchema {
  type?: string;
  description?: string;
  enum?: string[];
  default?: unknown;
}

/** The flags of an analysis, one for each parameter: `--bin`, `--limit`; values stay strings. */
export function analysisFlags(analysis: Analysis): Option[] {
  return Object.entries(paramSchemas(analysis)).map(([name, schema]) => {
    const flag = `--${name.replaceAll('_', '-')}`;
    const option = new Option(`${flag} <value>`, schema.description ?? '');
    if (schema.enum) option.choices(schema.enum);
    if (schema.default !== undefined) option.description += ` (default: ${String(schema.default)})`;
    return option;
  });
}

/** What the user gave, by parameter name. */
export function rawParams(analysis: Analysis, command: Command): Record<string, unknown> {
  const raw: Record<string, unknown> = {};
  for (const name of Object.keys(analysis.params.shape)) {
    const attribute = new Option(`--${name.replaceAll('_', '-')} <value>`).attributeName();
    const value: unknown = command.getOptionValue(attribute);
    if (value !== undefined) raw[name] = value;
  }
  return raw;
}

function paramSchemas(analysis: Analysis): Record<string, ParamSchema> {
  const schema = z.toJSONSchema(analysis.params, { io: 'input', unrepresentable: 'any' });
  return (schema.properties ?? {}) as Record<string, ParamSchema>;
}
