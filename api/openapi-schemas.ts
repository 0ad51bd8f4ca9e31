import { jsonSchema, withExtensions, type JsonSchema } from './json-schema.ts';
import { ledgerRow, rejectRow, runRow } from './ledger-schemas.ts';
import { problemTitles } from './problems.ts';

export const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

export const json = (description: string, schema: unknown, example: unknown) => ({
  description,
  content: { 'application/json': { schema, example } },
});

/** Schemas of what is no analysis. */
/** An answer in the making (jobs.ts). */
const jobSchema = {
  type: 'object',
  required: ['job'],
  properties: {
    job: {
      type: 'object',
      required: ['id', 'analysis', 'state', 'progress', 'seconds_left', 'seconds', 'error'],
      properties: {
        id: { type: 'string', format: 'uuid' },
        analysis: { type: 'string' },
        state: { type: 'string', enum: ['queued', 'running', 'done', 'failed'] },
        progress: {
          type: 'number',
          minimum: 0,
          maximum: 1,
          description:
            'share of the time that the same analysis took before; 0 when that is unknown',
        },
        seconds_left: { type: ['integer', 'null'], description: 'null when it is unknown' },
        seconds: { type: 'integer', description: 'seconds since it was asked for' },
        error: {
          type: ['object', 'null'],
          description: 'why it failed',
          properties: {
            code: { type: 'string' },
            detail: { type: 'string' },
            fix: { type: 'string' },
          },
        },
      },
    },
  },
};

/** An example of it. */
export const jobExample = {
  job: {
    id: '0b6c1c9e-6f0a-4a43-8a5e-0d3a2f6d7c11',
    analysis: 'findings',
    state: 'running',
    progress: 0.42,
    seconds_left: 7,
    seconds: 5,
    error: null,
  },
};

export function fixedSchemas(): Record<string, JsonSchema> {
  const count = { type: ['integer', 'null'] };
  const text = { type: ['string', 'null'] };
  return {
    Job: jobSchema,
    Analysis: {
      type: 'object',
      required: [
        'name',
        'topic',
        'title',
        'question',
        'audience',
        'caveats',
        'example',
        'url',
        'params',
        'headline',
        'row',
      ],
      properties: {
        name: { type: 'string' },
        topic: { type: 'string' },
        title: { type: 'string' },
        question: { type: 'string' },
        audience: {
          type: 'array',
          items: { type: 'string', enum: ['finops', 'capacity', 'security'] },
        },
        caveats: { type: 'array', items: { type: 'string' } },
        example: { type: 'object', additionalProperties: { type: 'string' } },
        url: { type: 'string' },
        headline: { type: 'array', items: { type: 'string' } },
        needs: {
          type: 'array',
          items: { type: 'string' },
          description: 'what must be given before it can run; empty for most',
        },
        params: { type: 'object', description: 'JSON Schema of the parameters' },
        row: {
          type: 'object',
          description: 'JSON Schema of a row; `unit` names the unit of a column',
        },
      },
    },
    LedgerObject: withExtensions(jsonSchema(ledgerRow, 'output')),
    Reject: withExtensions(jsonSchema(rejectRow, 'output')),
    Run: withExtensions(jsonSchema(runRow, 'output')),
    RawRecord: {
      type: 'object',
      required: ['object_id', 'record_index', 'location', 'record'],
      properties: {
        object_id: { type: 'string' },
        record_index: { type: 'integer' },
        location: { type: 'string' },
        record: { description: 'the JSON of the record' },
      },
    },
    IngestStatus: {
      type: 'object',
      required: ['state', 'data_version'],
      properties: {
        state: { type: 'string', enum: ['idle', 'running', 'done', 'failed'] },
        data_version: { type: 'string' },
        run_id: text,
        source: text,
        started_at: text,
        finished_at: text,
        objects_total: count,
        objects_done: count,
        records_total: count,
        inserted: count,
        duplicate: count,
        rejected: count,
        message: text,
      },
    },
    Problem: {
      type: 'object',
      required: ['type', 'title', 'status', 'detail', 'fix', 'request_id'],
      properties: {
        type: {
          type: 'string',
          enum: Object.keys(problemTitles).map((code) => `urn:keymeter:problem:${code}`),
        },
        title: { type: 'string' },
        status: { type: 'integer' },
        detail: { type: 'string' },
        fix: { type: 'string', description: 'what to do about it' },
        request_id: { type: 'string' },
        errors: {
          type: 'array',
          items: {
            type: 'object',
            properties: { param: { type: 'string' }, message: { type: 'string' } },
          },
        },
      },
    },
  };
}

/** What every operation answers when it fails. */
export function problemResponseObject() {
  const example = {
    type: 'urn:keymeter:problem:bad_parameters',
    title: problemTitles['bad_parameters'],
    status: 400,
    detail: 'bin: Invalid option: expected one of "second"|"minute"|"hour"|"day"',
    fix: 'see /openapi.json or /docs for the parameters and their form',
    request_id: '3f0c6a52-9d8e-4f3e-8a43-6a1e2f3b4c5d',
    errors: [{ param: 'bin', message: 'Invalid option' }],
  };
  return {
    description: 'A problem (RFC 9457)',
    content: { 'application/problem+json': { schema: ref('Problem'), example } },
  };
}
