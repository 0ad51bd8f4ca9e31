import { ProblemError } from './problems.ts';

export const formats = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  parquet: 'application/vnd.apache.parquet',
} as const;

export type Format = keyof typeof formats;

/** Formats that an address can end in: `/api/v1/analyses/call-rates.csv`. */
export const tableFormats = ['csv', 'ndjson', 'parquet'] as const satisfies readonly Format[];

/** The parts of `call-rates.csv`; a name without such an ending has no format. */
export function splitFormat(address: string): { name: string; format?: Format } {
  for (const format of tableFormats) {
    if (address.endsWith(`.${format}`)) {
      return { name: address.slice(0, -format.length - 1), format };
    }
  }
  return { name: address };
}

/** `?format=` before `Accept`; JSON when neither says anything. Throws 400 or 406. */
export function negotiate(query: string | undefined, accept: string | undefined): Format {
  if (query !== undefined) {
    if (Object.hasOwn(formats, query)) return query as Format;
    throw new ProblemError(
      400,
      'bad_parameters',
      `format: not one of ${Object.keys(formats).join(', ')}`,
      'leave format out for JSON',
      { faults: [{ param: 'format', message: `one of ${Object.keys(formats).join(', ')}` }] },
    );
  }
  if (accept === undefined || accept.trim() === '') return 'json';
  const wanted = accept
    .slice(0, 1_000)
    .split(',')
    .map((part) => {
      const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
      const q = parameters.find((parameter) => parameter.startsWith('q='));
      const weight = q === undefined ? 1 : Number(q.slice(2));
      return { type, weight: Number.isFinite(weight) ? weight : 0 };
    })
    .filter((entry) => entry.weight > 0)
    .sort((a, b) => b.weight - a.weight);
  for (const { type } of wanted) {
    if (type === '*/*' || type === 'application/*' || type === 'text/html') return 'json';
    if (type === 'application/ndjson') return 'ndjson';
    if (type === 'text/*') return 'csv';
    for (const [format, mime] of Object.entries(formats)) {
      if (type === mime) return format as Format;
    }
  }
  throw new ProblemError(
    406,
    'not_acceptable',
    'none of the accepted media types can be written',
    `accept one of ${Object.values(formats).join(', ')}`,
  );
}
