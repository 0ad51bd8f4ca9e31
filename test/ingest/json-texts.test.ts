import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unwrapText } from '../../ingest/records/unwrap-text.ts';
import { InputError } from '../../ingest/input-error.ts';
import { kmsRecord, type RawKmsRecord } from '../support/kms-records.ts';

/** How many random contents; KEYMETER_LAW_RUNS=20000 for the long run. */
const runs = Number(process.env['KEYMETER_LAW_RUNS'] ?? 1_500);

let made = 0;
const record = fc
  .record({
    userAgent: fc.oneof(fc.string(), fc.constantFrom('}{', '"}\n{"', '[\\', '{"Records":[')),
    requestParameters: fc.oneof(
      fc.constant(null),
      fc.record({ keyId: fc.string(), list: fc.array(fc.nat(9), { maxLength: 3 }) }),
    ),
  })
  .map((changes) => kmsRecord(`law ${made++}`, changes));

/** A value and the event ids of the records in it. */
interface Made {
  value: unknown;
  ids: string[];
}

const idsOf = (records: readonly RawKmsRecord[]) => records.map((one) => String(one['eventID']));
const message = (one: RawKmsRecord) => JSON.stringify(one);
/** Envelopes of one record, and of several, as docs/sources.md lists them. */
const single: ((one: RawKmsRecord) => unknown)[] = [
  (one) => one,
  (one) => message(one),
  (one) => ({ 'detail-type': 'AWS API Call via CloudTrail', detail: one }),
  (one) => ({ CloudTrailEvent: message(one), Resources: [] }),
  (one) => ({ Type: 'Notification', Message: JSON.stringify({ detail: one }) }),
  (one) => ({ preview: false, result: { _raw: message(one) } }),
  (one) => ({ '@timestamp': 'x', message: message(one), tags: ['a'] }),
  (one) => ({ _source: { event: { original: message(one) } } }),
  (one) => ({ log: `${message(one)}\n`, stream: 'stdout' }),
  (one) => ({ eventData: one }),
  (one) => ({ a: { b: [{ c: message(one) }] } }),
];
const several: ((all: RawKmsRecord[]) => unknown)[] = [
  (all) => ({ Records: all }),
  (all) => all,
  (all) => all.map(message),
  (all) => ({ Events: all.map((one) => ({ CloudTrailEvent: message(one) })) }),
  (all) => ({
    messageType: 'DATA_MESSAGE',
    logEvents: all.map((one) => ({ message: message(one) })),
  }),
  (all) => ({ events: all.map((one) => ({ message: message(one), timestamp: 1 })) }),
  (all) => ({ results: all.map((one) => [{ field: '@message', value: message(one) }]) }),
  (all) => ({ QueryResultRows: all.map((one) => [{ eventJson: message(one) }]) }),
  (all) => ({ Messages: all.map((one) => ({ Body: JSON.stringify({ detail: one }) })) }),
  (all) => ({ hits: { hits: all.map((one) => ({ _source: one })) } }),
];
const wrapped: fc.Arbitrary<Made> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...single), record)
    .map(([wrap, one]) => ({ value: wrap(one), ids: idsOf([one]) })),
  fc
    .tuple(fc.constantFrom(...several), fc.array(record, { minLength: 1, maxLength: 4 }))
    .map(([wrap, all]) => ({ value: wrap(all), ids: idsOf(all) })),
);
const written = fc
  .tuple(wrapped, fc.constantFrom(undefined, 0, 2, '\t'))
  .map(([{ value, ids }, indent]) => ({ text: JSON.stringify(value, null, indent), ids }));
const separator = fc.constantFrom(
  '',
  '\n',
  '\r\n',
  ' ',
  '\t',
  ',',
  ',\n',
  '\n\n',
  '\u001e',
  '\n\ufeff',
);

const idsIn = (text: string): string[] =>
  [...unwrapText(text)].flatMap(({ items }) =>
    items.flatMap((item) =>
      'value' in item ? [(item.value as RawKmsRecord)['eventID'] as string] : [],
    ),
  );

/** The text that no part covers. */
function uncovered(text: string): string {
  let rest = '';
  let at = 0;
  for (const { from, to, items } of unwrapText(text)) {
    expect(from).toBeGreaterThanOrEqual(at);
    expect(to).toBeGreaterThan(from);
    rest += text.slice(at, from);
    at = to;
    // Nothing but an empty envelope, or what stands beside records in a form of text, is without items.
    if (items.length === 0) expect(text.slice(from, to)).not.toContain('eventSource');
  }
  return rest + text.slice(at);
}

test('every record of any row of wrapped JSON texts is found, and every character is covered', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(written, separator), { minLength: 1, maxLength: 6 }), (row) => {
      const text = row.map(([{ text: one }, between]) => one + between).join('');
      expect(idsIn(text)).toEqual(row.flatMap(([{ ids }]) => ids));
      expect(
        uncovered(text)
          .replaceAll(/[\s,]|\ufeff/g, '')
          .replaceAll('\u001e', ''),
      ).toBe('');
    }),
    { numRuns: runs },
  );
});

/** A change of a text that tools and disks make. */
const damage = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({
    kind: fc.constant('take' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(300),
  }),
  fc.record({
    kind: fc.constant('put' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    token: fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ',',
      '\\',
      '\n',
      'x',
      '\0',
      '{"a":1}',
      '#comment\n',
    ),
  }),
);

function damaged(
  text: string,
  change: { kind: string; at: number; length?: number; token?: string },
) {
  const at = Math.floor(change.at * text.length);
  if (change.kind === 'cut') return text.slice(0, at);
  if (change.kind === 'take') return text.slice(0, at) + text.slice(at + change.length!);
  return text.slice(0, at) + change.token! + text.slice(at);
}

test('of a damaged text every character is covered, or the whole is refused with a class', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(written, separator), { minLength: 1, maxLength: 4 }),
      fc.array(damage, { minLength: 1, maxLength: 3 }),
      (row, changes) => {
        const text = changes.reduce(
          damaged,
          row.map(([{ text: one }, between]) => one + between).join(''),
        );
        try {
          expect(
            uncovered(text)
              .replaceAll(/[\s,]|\ufeff/g, '')
              .replaceAll('\u001e', ''),
          ).toBe('');
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          expect(error.errorClass).toMatch(/^\w+$/);
        }
      },
    ),
    { numRuns: runs },
  );
});

test('a damaged line hides none of the lines around it', () => {
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 3, maxLength: 8 }),
      fc.nat(),
      damage,
      (all, which, change) => {
        const lines = all.map(message);
        const bad = which % lines.length;
        const line = damaged(lines[bad]!, change).replaceAll('\n', ' ');
        const text = lines.map((one, i) => (i === bad ? line : one)).join('\n');
        const expected = idsOf(all.filter((_, i) => i !== bad));
        expect(idsIn(text)).toEqual(expect.arrayContaining(expected));
      },
    ),
    { numRuns: runs },
  );
});
