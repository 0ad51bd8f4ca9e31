import type { z } from 'zod';
import type { Analysis } from '../analytics/analysis.ts';
import { eventQuery } from './event-routes.ts';
import { emptyQuery } from './ingest-routes.ts';
import {
  answerExamples,
  exampleAnswers,
  fixedExamples,
  parameterExamples,
  type ExampleAnswer,
} from './openapi-examples.ts';
import { describeAnalysis } from './analysis-routes.ts';
import { jsonSchema, type JsonSchema } from './json-schema.ts';
import { ledgerQuery, rejectsQuery, runsQuery } from './ledger-schemas.ts';
import { formats } from './negotiate.ts';
import { rowSchema } from './row-schema.ts';
import { fixedSchemas, json, problemResponseObject, ref } from './openapi-schemas.ts';

type Operation = Record<string, unknown>;

/** The OpenAPI 3.1 document of the whole API, derived from the registry. */
export function openApiDocument(registry: ReadonlyMap<string, Analysis>): Record<string, unknown> {
  const paths: Record<string, { get: Operation }> = {
    '/api/v1/analyses': {
      get: operation('listAnalyses', 'All analyses with their parameters and rows', emptyQuery, {
        '200': json(
          'The registry',
          {
            type: 'object',
            required: ['analyses'],
            properties: { analyses: { type: 'array', items: ref('Analysis') } },
          },
          { analyses: [...registry.values()].slice(0, 1).map(describeAnalysis) },
        ),
        '304': { description: 'What If-None-Match names is still current' },
      }),
    },
  };
  const answers = exampleAnswers();
  for (const analysis of registry.values()) {
    const get = analysisOperation(analysis, answers[analysis.name]);
    paths[`/api/v1/analyses/${analysis.name}`] = { get };
  }
  Object.assign(paths, fixedPaths());
  const schemas: Record<string, JsonSchema> = { ...fixedSchemas() };
  for (const analysis of registry.values()) {
    schemas[schemaName(analysis.name)] = rowSchema(analysis);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'keymeter',
      version: '1',
      description:
        'Answers about AWS KMS use from CloudTrail logs. Read-only. Instants are UTC; ranges are half-open [from, to).',
    },
    servers: [{ url: '/' }],
    security: [{}, { bearer: [] }],
    tags: tagsOf(registry),
    paths,
    components: {
      schemas,
      responses: { Problem: problemResponseObject() },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  };
}

/** `call-rates` is `CallRatesRow`. */
export function schemaName(analysis: string): string {
  const words = analysis.split('-').map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  return `${words.join('')}Row`;
}

function analysisOperation(analysis: Analysis, made_on_demo?: ExampleAnswer): Operation {
  const examples = answerExamples(analysis, made_on_demo);
  const row = ref(schemaName(analysis.name));
  const answer = {
    type: 'object',
    required: ['analysis', 'rows', 'notes', 'truncated', 'params', 'data_version'],
    properties: {
      analysis: { const: analysis.name },
      rows: { type: 'array', items: row },
      notes: { type: 'array', items: { type: 'string' } },
      truncated: { type: 'boolean', description: 'true when the limit cut rows off' },
      params: { type: 'object', description: 'the parameters as they were understood' },
      data_version: { type: 'string', description: 'changes with every commit of an ingest' },
    },
  };
  const content = {
    [formats.json]: { schema: answer, ...examples.json },
    [formats.ndjson]: {
      schema: { type: 'string', description: 'one row of JSON a line' },
      ...examples.ndjson,
    },
    [formats.parquet]: { schema: { type: 'string', contentMediaType: formats.parquet } },
    [formats.csv]: {
      schema: { type: 'string', description: 'header first; formulas made harmless' },
      ...examples.csv,
    },
  };
  const made = operation(
    analysis.name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    analysis.title,
    analysis.params,
    {
      '200': {
        description: analysis.question,
        headers: {
          ETag: {
            schema: { type: 'string' },
            description: 'of the data version and the parameters',
          },
          'X-Truncated': {
            schema: { type: 'boolean' },
            description: 'true when rows were cut off',
          },
          'X-Data-Version': {
            schema: { type: 'string' },
            description: 'the version of the data that all numbers of the answer are of',
          },
          Age: {
            schema: { type: 'integer' },
            description: 'seconds since it was made; only when the data has changed since',
          },
        },
        content,
      },
      '304': { description: 'What If-None-Match names is still current' },
    },
    analysis.example,
  );
  const format = {
    name: 'format',
    in: 'query',
    description: 'goes before the Accept header',
    schema: { type: 'string', enum: Object.keys(formats), default: 'json' },
  };
  return {
    ...made,
    tags: [analysis.topic],
    description: [analysis.question, ...analysis.caveats.map((caveat) => `- ${caveat}`)].join('\n'),
    parameters: [...(made['parameters'] as unknown[]), format],
  };
}

function operation(
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
    responses: { ...responses, default: { $ref: '#/components/responses/Problem' } },
  };
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

function fixedPaths(): Record<string, { get: Operation }> {
  const paged = (row: string, example: unknown) =>
    json(
      'A page',
      {
        type: 'object',
        required: ['rows', 'next_cursor'],
        properties: {
          rows: { type: 'array', items: ref(row) },
          next_cursor: { type: ['string', 'null'], description: 'null on the last page' },
        },
      },
      example,
    );
  const text = (description: string, type: string, example: unknown) => ({
    '200': { description, content: { [type]: { schema: { type: 'string' }, example } } },
  });
  const made = fixedExamples;
  const rows = { type: 'object', properties: { rows: { type: 'array', items: ref('Run') } } };
  return {
    '/api/v1/ledger': {
      get: operation('ledger', 'Objects that were looked at', ledgerQuery, {
        '200': paged('LedgerObject', made['ledger']),
      }),
    },
    '/api/v1/rejects': {
      get: operation('rejects', 'Records that could not be read', rejectsQuery, {
        '200': paged('Reject', made['rejects']),
      }),
    },
    '/api/v1/runs': {
      get: operation('runs', 'Ingest runs, newest first', runsQuery, {
        '200': json('Runs', rows, made['runs']),
      }),
    },
    '/api/v1/event': {
      get: operation('event', 'A stored event with all its columns', eventQuery, {
        '200': json(
          'The event',
          {
            type: 'object',
            required: ['event'],
            properties: { event: { type: 'object', description: 'columns of kms_events' } },
          },
          made['event'],
        ),
      }),
    },
    '/api/v1/raw': {
      get: operation('raw', 'The raw record of an event', eventQuery, {
        '200': json('The record as the trail delivered it', ref('RawRecord'), made['raw']),
      }),
    },
    '/api/v1/health': {
      get: operation('health', 'Whether the server can answer', emptyQuery, {
        '200': json(
          'It can',
          {
            type: 'object',
            required: ['status', 'data_version', 'ingest'],
            properties: {
              status: { const: 'ok' },
              data_version: { type: 'string' },
              ingest: { type: 'string' },
              database: { type: ['string', 'null'], description: 'as --db or --engine names it' },
            },
          },
          made['health'],
        ),
      }),
    },
    '/api/v1/ingest/status': {
      get: operation('ingestStatus', 'What the ingest is doing', emptyQuery, {
        '200': json('Its state', ref('IngestStatus'), made['ingestStatus']),
      }),
    },
    '/api/v1/ingest/events': {
      get: operation('ingestEvents', 'The same as server-sent events', emptyQuery, {
        ...text(
          '`status` events whose data is an IngestStatus',
          'text/event-stream',
          made['ingestEvents'],
        ),
      }),
    },
    '/metrics': {
      get: operation('metrics', 'Prometheus metrics', emptyQuery, {
        ...text('Prometheus text format', 'text/plain', made['metrics']),
      }),
    },
  };
}

function tagsOf(registry: ReadonlyMap<string, Analysis>) {
  const topics = [...new Set([...registry.values()].map((analysis) => analysis.topic))].sort();
  return [
    ...topics.map((name) => ({ name, description: `Analyses of ${name}` })),
    { name: 'server', description: 'The server, its data and its ingest' },
  ];
}
