import { z } from 'zod';
import type { Analysis } from '../../analytics/analysis.ts';
import { exampleFlags } from '../run-command.ts';
import { cell, fenced, made, table } from './markdown.ts';

/** What z.toJSONSchema says of a parameter or column; the part that pages show. */
interface FieldSchema {
  type?: string | string[];
  description?: string;
  unit?: string;
  enum?: unknown[];
  default?: unknown;
  format?: string;
  minimum?: number;
  maximum?: number;
  anyOf?: FieldSchema[];
  items?: FieldSchema;
}

/** Lines of output that an example shows. */
export const example_rows_max = 3;

/** The page of an analysis. `output` is what its example printed on the demo trail. */
export function analysisPage(analysis: Analysis, output: string): string {
  const { name, title, question, audience, caveats, sqlText } = analysis;
  return `${[
    made,
    `# ${title}`,
    question,
    `For: ${audience.join(', ')}. Command: \`keymeter run ${name}\`. API: \`GET /api/v1/analyses/${name}\`.`,
    '## Parameters',
    table(
      ['Flag', 'Type', 'Default', 'Meaning'],
      fieldsOf(analysis.params, 'input').map(([param, field]) => [
        `\`--${param.replaceAll('_', '-')}\``,
        cell(typeOf(field)),
        field.default === undefined ? '' : `\`${String(field.default)}\``,
        cell(field.description ?? ''),
      ]),
    ),
    'In the API the same names with underscores. Ranges are half-open, `[from, to)`, UTC.',
    '## Columns',
    table(
      ['Column', 'Type', 'Unit', 'Meaning'],
      fieldsOf(analysis.row, 'output').map(([column, field]) => [
        `\`${column}\``,
        cell(typeOf(field)),
        cell(unitOf(field)),
        cell(meaningOf(field)),
      ]),
    ),
    '## Read with care',
    caveats.map((caveat) => `- ${caveat}`).join('\n'),
    '## Example',
    `On the [demo trail](../demo-trail.md), the first ${example_rows_max} rows:`,
    fenced('sh', `keymeter run ${name}${exampleFlags(analysis)}`),
    fenced('text', output),
    '## SQL',
    'Parameters are bound by name. What cannot be said in SQL for both engines is worked out from these rows in the module beside it.',
    fenced('sql', sqlText),
  ].join('\n\n')}\n`;
}

/** The page without the example's output, which follows the demo trail and not the module. */
export function withoutOutput(page: string): string {
  return page.replace(/\n(`{3,})text\n[^]*?\n\1\n/, '\n(output)\n');
}

export function indexPage(all: readonly Analysis[]): string {
  const topics = [...new Set(all.map((analysis) => analysis.topic))].sort();
  return `${[
    made,
    '# Analyses',
    'Each answers one question, by `keymeter run NAME`, over the API, on the pages, and in the reports. ' +
      'What the relations behind them hold: [SQL](../sql.md).',
    ...topics.flatMap((topic) => [
      `## ${topic[0]!.toUpperCase()}${topic.slice(1)}`,
      table(
        ['Analysis', 'Question'],
        all
          .filter((analysis) => analysis.topic === topic)
          .map((analysis) => [`[${analysis.name}](${analysis.name}.md)`, cell(analysis.question)]),
      ),
    ]),
  ].join('\n\n')}\n`;
}

function fieldsOf(schema: z.ZodObject, io: 'input' | 'output'): [string, FieldSchema][] {
  const json = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return Object.entries((json.properties ?? {}) as Record<string, FieldSchema>);
}

function typeOf(field: FieldSchema): string {
  if (field.enum) return field.enum.map(String).join(' or ');
  // The shared schemas of analytics/params.ts: an instant is a date or text, a flag a boolean or text.
  if (field.anyOf?.some((one) => one.type === undefined && !one.anyOf && !one.enum)) {
    return 'instant (ISO 8601, or 7d ago)';
  }
  if (field.anyOf?.some((one) => one.type === 'boolean' && field.anyOf?.some((o) => o.enum))) {
    return 'true or false';
  }
  if (field.anyOf) return [...new Set(field.anyOf.map(typeOf))].join(' or ');
  const type = Array.isArray(field.type) ? field.type.join(' or ') : (field.type ?? 'any');
  if (type === 'array') return `list of ${typeOf(field.items ?? {})}`;
  const { minimum: least, maximum: most } = field;
  const bounded =
    most !== undefined && Math.abs(most) < Number.MAX_SAFE_INTEGER && least !== undefined;
  return bounded ? `${type}, ${least} to ${most}` : type;
}

const unitOf = (field: FieldSchema): string =>
  field.unit ?? field.anyOf?.map(unitOf).find((unit) => unit !== '') ?? '';

const meaningOf = (field: FieldSchema): string =>
  field.description ?? field.anyOf?.map(meaningOf).find((meaning) => meaning !== '') ?? '';
