import { reports } from '../reports/all-reports.ts';
import { decisionsPath } from './decision-schema.ts';
import { emptyQuery } from './ingest-routes.ts';
import { operation, type Operation } from './openapi-operation.ts';
import { json } from './openapi-schemas.ts';
import { reportQuery, reportTypes } from './report-routes.ts';

/** Reports as files, and what was decided about findings. */
export function reportPaths(): Record<string, { get: Operation }> {
  const content = Object.fromEntries(
    [...new Set(Object.values(reportTypes))].map((type) => [
      type.split(';')[0]!,
      type === 'application/json'
        ? { schema: { type: 'object' }, example: { name: 'finops', sections: [] } }
        : { schema: { type: 'string' }, example: 'KMS cost and savings' },
    ]),
  );
  const paths: Record<string, { get: Operation }> = {};
  for (const name of Object.keys(reports)) {
    const id = `${name}Report`;
    paths[`/api/v1/reports/${name}`] = {
      get: operation(id, `The report ${name} as a file`, reportQuery, {
        '200': { description: 'The report that keymeter report writes', content },
      }),
    };
  }
  const decision = {
    rule: 'root-use',
    principal_arn: 'arn:aws:iam::111122223333:root',
    decision: 'suppressed',
    reason: 'break-glass test',
    decided_at: '2026-11-05T09:00:00Z',
  };
  paths[decisionsPath] = {
    get: operation('decisions', 'What was decided about findings, and why', emptyQuery, {
      '200': json(
        'The decisions; POST to the same address changes one (docs/api.md)',
        {
          type: 'object',
          required: ['decisions'],
          properties: {
            decisions: {
              type: 'array',
              items: {
                type: 'object',
                required: Object.keys(decision),
                properties: {
                  rule: { type: 'string' },
                  principal_arn: { type: ['string', 'null'] },
                  decision: { type: 'string', enum: ['acknowledged', 'suppressed'] },
                  reason: { type: 'string' },
                  decided_at: { type: 'string', format: 'date-time' },
                },
              },
            },
          },
        },
        { decisions: [decision] },
      ),
    }),
  };
  return paths;
}
