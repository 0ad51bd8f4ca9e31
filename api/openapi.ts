import type { Analysis } from '../analytics/analysis.ts';
import { describeAnalysis } from './analysis-routes.ts';
import { emptyQuery } from './ingest-routes.ts';
import { withExtensions, type JsonSchema } from './json-schema.ts';
import { formats, tableFormats } from './negotiate.ts';
import { answerExamples, exampleAnswers, type ExampleAnswer } from './openapi-examples.ts';
import { operation, problems, type Operation } from './openapi-operation.ts';
import { fixedPaths } from './openapi-paths.ts';
import { reportPaths } from './openapi-reports.ts';
import { fixedSchemas, json, problemResponseObject, ref } from './openapi-schemas.ts';
import { rowSchema } from './row-schema.ts';

/** The OpenAPI 3.1 document of the whole API, derived from the registry. */
export function openApiDocument(registry: ReadonlyMap<string, Analysis>): Record<string, unknown> {
  const paths: Record<string, Record<string, Operation>> = {
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
  paths['/api/v1/analyses/{analysis}.{format}'] = { get: tableOperation(registry, answers) };
  Object.assign(paths, fixedPaths(), reportPaths());
  const schemas: Record<string, JsonSchema> = { ...fixedSchemas() };
  for (const analysis of registry.values()) {
    schemas[schemaName(analysis.name)] = withExtensions(rowSchema(analysis));
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'keymeter',
      version: '1',
      description:
        'Answers about AWS KMS use from CloudTrail logs. Read-only. Instants are UTC; ranges are half-open [from, to).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
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
  const made = operation(
    analysis.name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    analysis.title,
    analysis.params,
    {
      '200': {
        description: analysis.question,
        headers: answerHeaders,
        content: { [formats.json]: { schema: answer, ...examples.json } },
      },
      '202': computing,
      '304': { description: 'What If-None-Match names is still current' },
      ...problems(404, 406, 503),
    },
    analysis.example,
  );
  return {
    ...made,
    tags: [analysis.topic],
    description: [analysis.question, ...analysis.caveats.map((caveat) => `- ${caveat}`)].join('\n'),
  };
}

/**
 * Rows in the formats of files. An operation of its own, so that a generated client knows that the other
 * operations answer JSON.
 */
function tableOperation(
  registry: ReadonlyMap<string, Analysis>,
  answers: Readonly<Record<string, ExampleAnswer>>,
): Operation {
  const [first] = registry.values();
  const examples = answerExamples(first!, answers[first!.name]);
  const made = operation('analysisTable', 'The rows of an analysis as a file', emptyQuery, {
    '200': {
      description: 'The rows',
      headers: answerHeaders,
      content: {
        [formats.ndjson]: {
          schema: { type: 'string', description: 'one row of JSON a line' },
          ...examples.ndjson,
        },
        [formats.csv]: {
          schema: { type: 'string', description: 'header first; formulas made harmless' },
          ...examples.csv,
        },
        [formats.parquet]: { schema: { type: 'string', contentMediaType: formats.parquet } },
      },
    },
    '202': computing,
    '304': { description: 'What If-None-Match names is still current' },
    ...problems(404, 503),
  });
  return {
    ...made,
    description:
      'The same rows as the operation of the analysis, whose parameters it takes. The header Accept and the parameter `format` of that operation choose a format too.',
    parameters: [
      {
        name: 'analysis',
        in: 'path',
        required: true,
        schema: { type: 'string', enum: [...registry.keys()] },
      },
      {
        name: 'format',
        in: 'path',
        required: true,
        schema: { type: 'string', enum: tableFormats },
      },
      {
        name: 'parameters',
        in: 'query',
        style: 'form',
        explode: true,
        description: 'parameters of the analysis',
        schema: {
          type: 'object',
          additionalProperties: { type: 'string' },
          examples: [{ from: '7d' }],
        },
      },
    ],
  };
}

/**
 * Asked again when the job is done, the same address has the answer. The body is described where the job
 * has its own address: as content here it would take the type of the rows from generated clients.
 */
const computing = {
  description:
    'The answer takes longer than about a second: a job computes it. The body is what the address in Location answers.',
  headers: { Location: { schema: { type: 'string' }, description: 'address of the job' } },
};

const answerHeaders = {
  ETag: { schema: { type: 'string' }, description: 'of the data version and the parameters' },
  'X-Truncated': { schema: { type: 'boolean' }, description: 'true when rows were cut off' },
  'X-Data-Version': {
    schema: { type: 'string' },
    description: 'the version of the data that all numbers of the answer are of',
  },
  Age: {
    schema: { type: 'integer' },
    description: 'seconds since it was made; only when the data has changed since',
  },
};

function tagsOf(registry: ReadonlyMap<string, Analysis>) {
  const topics = [...new Set([...registry.values()].map((analysis) => analysis.topic))].sort();
  return [
    ...topics.map((name) => ({ name, description: `Analyses of ${name}` })),
    { name: 'server', description: 'The server, its data and its ingest' },
  ];
}
