import { eventQuery } from './event-routes.ts';
import { emptyQuery } from './ingest-routes.ts';
import { ledgerQuery, rejectsQuery, runsQuery } from './ledger-schemas.ts';
import { fixedExamples } from './openapi-examples.ts';
import { operation, problems, type Operation } from './openapi-operation.ts';
import { jobExample, json, ref } from './openapi-schemas.ts';

/** The operations that are no analysis. */
export function fixedPaths(): Record<string, Record<string, Operation>> {
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
        ...problems(404),
      }),
    },
    '/api/v1/raw': {
      get: operation('raw', 'The raw record of an event', eventQuery, {
        '200': json('The record as the trail delivered it', ref('RawRecord'), made['raw']),
        ...problems(404),
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
              files: {
                type: 'object',
                description:
                  'flags that give a command the same answers: db or engine, config and others',
                additionalProperties: { type: 'string' },
              },
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
    ...jobPaths(),
    '/metrics': {
      get: operation('metrics', 'Prometheus metrics', emptyQuery, {
        ...text('Prometheus text format', 'text/plain', made['metrics']),
      }),
    },
  };
}

/** An answer that takes longer than about a second is a job. */
function jobPaths(): Record<string, Record<string, Operation>> {
  const example = jobExample.job.id;
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' }, example };
  const withId = (made: Operation): Operation => ({ ...made, parameters: [id] });
  const status = json('What it has come to', ref('Job'), jobExample);
  return {
    '/api/v1/jobs/{id}': {
      get: withId(
        operation('job', 'An answer in the making', emptyQuery, {
          '200': status,
          ...problems(404),
        }),
      ),
      delete: withId(
        operation('cancelJob', 'Give up an answer in the making', emptyQuery, {
          '202': status,
          ...problems(404),
        }),
      ),
    },
    '/api/v1/jobs/{id}/events': {
      get: withId(
        operation('jobEvents', 'The same as server-sent events until it ends', emptyQuery, {
          '200': {
            description: '`job` events whose data is a Job',
            content: {
              'text/event-stream': {
                schema: { type: 'string' },
                example: `event: job\ndata: ${JSON.stringify(jobExample)}\n\n`,
              },
            },
          },
          ...problems(404),
        }),
      ),
    },
  };
}
