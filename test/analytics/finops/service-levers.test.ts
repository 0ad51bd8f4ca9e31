import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ServiceReplay, type ServiceCall } from '../../../analytics/finops/service-replay.ts';
import { leverFacts, shellQuoted } from '../../../analytics/finops/lever-facts.ts';
import serviceLevers, { type ServiceLeverRow } from '../../../analytics/finops/service-levers.ts';
import { defaultConfig } from '../../../core/config.ts';
import type { KmsEvent } from '../../../store/relations.ts';
import { windowStarts } from '../../support/bucket-simulator.ts';
import { event, withEvents } from '../../support/events.ts';

const start = Date.parse('2026-10-05T00:00:00Z') / 1000;

test('windows of each client, and of all together, equal plain loops', () => {
  const call = fc.record({
    second: fc.integer({ min: 0, max: 900 }),
    item: fc.constantFrom(1, 2),
    // Two sessions at two addresses.
    of_item: fc.integer({ min: 0, max: 3 }),
  });
  fc.assert(
    fc.property(
      fc.array(call, { minLength: 1, maxLength: 60 }),
      fc.constantFrom(1, 60, 300),
      fc.constantFrom(null, 10, 60),
      (drawn, target_seconds, current_seconds) => {
        const calls = drawn
          .map(({ second, item, of_item }) => ({ second, item, client: item * 4 + of_item }))
          .sort((a, b) => a.second - b.second);
        // One that has seen another place before, and must have forgotten it.
        const replay = new ServiceReplay({ target_seconds, current_seconds });
        for (const one of calls.slice(0, 15)) replay.add(one);
        replay.finish();
        for (const one of calls) replay.add(one);
        const count = (name: (c: ServiceCall) => number, width: number) => {
          const names = [...new Set(calls.map(name))];
          return names.reduce((sum, n) => {
            const mine = calls.filter((c) => name(c) === n).map((c) => c.second);
            return sum + windowStarts(mine, width).length;
          }, 0);
        };
        const client = (c: ServiceCall) => c.client;
        const windows = count(client, target_seconds);
        const hosts =
          current_seconds === null || target_seconds <= current_seconds
            ? 1
            : calls.length / count(client, current_seconds);
        const result = replay.finish();
        expect(result.calls_after_low).toBe(count((c) => c.item, target_seconds));
        expect(result.calls_after_high).toBe(
          Math.min(calls.length, Math.ceil(windows * hosts - 1e-9)),
        );
        expect(result.calls_after_low).toBeLessThanOrEqual(result.calls_after_high);
        expect(result.calls_after_high).toBeLessThanOrEqual(result.calls);
      },
    ),
    { numRuns: 500 },
  );
});

async function levers(events: KmsEvent[], params: Record<string, unknown> = {}) {
  return withEvents(events, async (engine) => {
    const result = await serviceLevers.execute(params, { engine, config: defaultConfig });
    return result.rows.map((row) => serviceLevers.row.parse(row) as ServiceLeverRow);
  });
}
const from = (context_kind: string, resource_arn: string, second: number, changes = {}) =>
  event({ event_time: start + second, context_kind, resource_arn, is_direct: false, ...changes });

test('a queue that goes from 300 s to 3,600 s saves eleven calls of twelve', async () => {
  const queue = 'arn:aws:sqs:us-east-1:111111111111:payments';
  const calls: KmsEvent[] = [];
  for (let period = 0; period < 288; period++) {
    const at = period * 300;
    calls.push(from('sqs', queue, at, { operation: 'GenerateDataKey' }));
    calls.push(from('sqs', queue, at + 1, { operation: 'Decrypt' }));
    calls.push(from('sqs', queue, at + 2, { operation: 'Decrypt', principal_arn: 'consumer' }));
  }
  const rows = await levers(calls);
  const sum = (name: 'calls' | 'calls_after_high') => rows.reduce((all, row) => all + row[name], 0);
  expect(sum('calls')).toBe(3 * 288);
  expect(sum('calls_after_high')).toBe(3 * 24);
  expect(1 - sum('calls_after_high') / sum('calls')).toBeCloseTo(0.9167, 4);
  // Already at an hour: nothing to save.
  const hourly = calls.filter((_, i) => Math.floor(i / 3) % 12 === 0);
  expect((await levers(hourly)).every((row) => row.saved_calls === 0)).toBe(true);
});

test('several hosts behind a queue keep their number: two calls a period stay two a window', async () => {
  const queue = 'arn:aws:sqs:us-east-1:111111111111:q';
  const calls = Array.from({ length: 24 }, (_, i) =>
    from('sqs', queue, Math.floor(i / 2) * 300 + (i % 2), { operation: 'GenerateDataKey' }),
  );
  const [row] = await levers(calls);
  expect(row).toMatchObject({ calls: 24, calls_after_low: 1, calls_after_high: 2 });
});

test('each fingerprint has its rule, and services that call for themselves are left out', async () => {
  const context = (version: string) => JSON.stringify({ SecretARN: 's', SecretVersionId: version });
  const secret = (second: number, version: string) =>
    from('secretsmanager', 's', second, { encryption_context: context(version) });
  const branch = { encryption_context: '{"branch-key-id":"b1","type":"branch:ACTIVE"}' };
  const rows = await levers([
    ...[0, 100, 299, 300].map((second) => from('dynamodb', 'table', second)),
    ...[0, 10, 20].map((second) => secret(second, 'v1')),
    secret(30, 'v2'),
    secret(40, 'RequestToValidateKeyAccess'),
    ...[0, 3_599, 3_600].map((second) =>
      from('ssm', 'parameter', second, { encryption_context: '{"PARAMETER_ARN":"p"}' }),
    ),
    ...[0, 899, 900].map((second) => from('hierarchical_keyring', 'table', second, branch)),
    ...[0, 10, 20].map((second) => from('lambda', 'function', second)),
    from('dynamodb', 'table', 5, { principal_type: 'AWSService' }),
    from('cloudtrail', 'arn:aws:s3:::logs/a', 0, {
      operation: 'GenerateDataKey',
      s3_bucket: 'logs',
      s3_context_is_bucket: false,
    }),
    from('cloudtrail', 'arn:aws:s3:::logs/b', 59, {
      operation: 'GenerateDataKey',
      s3_bucket: 'logs',
      s3_context_is_bucket: false,
    }),
  ]);
  const shown = rows.map((row) => [row.lever, row.resource, row.calls, row.calls_after_high]);
  expect(shown.sort()).toEqual([
    ['branch_key_cache', 'b1', 3, 2],
    ['dynamodb_connections', 'table', 4, 2],
    ['lambda_cold_starts', 'function', 3, 3],
    ['log_bucket_key', 'logs', 2, 1],
    ['parameter_cache', 'parameter', 3, 2],
    ['secret_cache', 's', 4, 2],
  ]);
});

test('a name from the log stays one shell word', () => {
  expect(shellQuoted(`a'; rm -rf /`)).toBe(`'a'\\''; rm -rf /'`);
  const { change } = leverFacts('sqs_reuse', `arn:aws:sqs:r:1:$(reboot)'x`, 3_600);
  expect(change).toContain(`--queue-name '$(reboot)'\\''x'`);
});
