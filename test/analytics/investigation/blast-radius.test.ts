import fc from 'fast-check';
import { expect, test } from 'vitest';
import blastRadius from '../../../analytics/investigation/blast-radius.ts';
import { isoSeconds } from '../../../core/time.ts';
import type { KmsEvent } from '../../../store/relations.ts';
import { event, plainEvent } from '../../support/events.ts';
import { hostileTexts } from '../../support/hostile-texts.ts';
import { pick, runAnalysis } from '../../support/run-analysis.ts';

const start = plainEvent.event_time;
const after = start + 50;

const call = fc.record({
  second: fc.integer({ min: 0, max: 100 }),
  principal: fc.constantFrom('p1', 'p2'),
  key: fc.constantFrom('k1', 'k2', null),
  destination: fc.constantFrom('k2', 'k3', null),
  operation: fc.constantFrom('Decrypt', 'ReEncrypt'),
  resource: fc.constantFrom('arn:aws:s3:::b/1', 'arn:aws:s3:::b/2', null),
  bucketOnly: fc.boolean(),
  denied: fc.boolean(),
  counted: fc.boolean(),
  region: fc.constantFrom('eu-central-1', 'us-east-1'),
});

test('equals sets built over plain arrays, before and after the moment', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 40 }), async (calls) => {
      const events = calls.map((c) =>
        event({
          event_time: start + c.second,
          principal_arn: c.principal,
          key_arn: c.key,
          // An alias that no resolved call shows stays as it was typed.
          key_ref: c.key === null ? 'alias/unknown' : 'alias/x',
          destination_key_arn: c.destination,
          operation: c.operation,
          resource_arn: c.resource,
          s3_bucket: c.resource ? 'b' : null,
          s3_context_is_bucket: c.resource ? c.bucketOnly : null,
          context_kind: c.resource ? 's3' : 'none',
          outcome: c.denied ? 'denied' : 'success',
          event_type: c.counted ? 'AwsApiCall' : 'AwsServiceEvent',
          region: c.region,
        }),
      );
      const { rows } = await runAnalysis(blastRadius, events, {
        principal: 'p1',
        after: isoSeconds(after),
      });
      const got = pick(
        rows,
        'kind',
        'name',
        'first_at',
        'last_at',
        'calls',
        'successful_calls',
        'denied_calls',
        'calls_after',
        'new_after',
      );
      expect(got.map((r) => JSON.stringify(r)).sort()).toEqual(byHand(events));
    }),
    { numRuns: 25 },
  );
});

function byHand(events: readonly KmsEvent[]): string[] {
  const reached = new Map<string, KmsEvent[]>();
  const add = (kind: string, name: string | null, e: KmsEvent) => {
    if (name === null) return;
    const at = JSON.stringify([kind, name]);
    reached.set(at, [...(reached.get(at) ?? []), e]);
  };
  for (const e of events.filter((e) => e.principal_arn === 'p1')) {
    add('key', e.key_arn ?? e.key_ref, e);
    add('destination_key', e.destination_key_arn, e);
    add(e.s3_context_is_bucket ? 's3_bucket' : 's3_object', e.resource_arn, e);
    add('bucket', e.s3_bucket, e);
    add('caller_account', e.caller_account_id, e);
    add('key_account', e.key_account_id, e);
    add('region', e.region, e);
    add('operation', e.operation, e);
  }
  return [...reached]
    .map(([at, mine]) => {
      const times = mine.map((e) => e.event_time);
      const counted = mine.filter((e) => e.event_type === 'AwsApiCall');
      return JSON.stringify([
        ...(JSON.parse(at) as string[]),
        isoSeconds(Math.min(...times)),
        isoSeconds(Math.max(...times)),
        counted.length,
        counted.filter((e) => e.outcome === 'success').length,
        counted.filter((e) => e.outcome === 'denied').length,
        counted.filter((e) => e.event_time >= after).length,
        Math.min(...times) >= after,
      ]);
    })
    .sort();
}

test('a credential is followed across principals, and needs a name', async () => {
  const events = [
    event({ access_key_id: 'ASIA1', principal_arn: 'p1' }),
    event({ access_key_id: 'ASIA1', principal_arn: 'p2', key_arn: 'other' }),
    event({ access_key_id: 'ASIA2' }),
  ];
  const { rows, notes } = await runAnalysis(blastRadius, events, { access_key: 'ASIA1' });
  expect(rows.filter((r) => r['kind'] === 'key')).toHaveLength(2);
  expect(notes.join(' ')).toContain('2 keys');
  await expect(runAnalysis(blastRadius, events, {})).rejects.toThrow(/at least one/);
});

test('names written by attackers come back as the same text', async () => {
  const events = hostileTexts.map((text) =>
    event({ context_kind: 'other', resource_arn: text, key_arn: null, key_ref: text }),
  );
  const { rows } = await runAnalysis(blastRadius, events, { principal: plainEvent.principal_arn });
  const names = (kind: string) => rows.filter((r) => r['kind'] === kind).map((r) => r['name']);
  expect(names('key').sort()).toEqual([...hostileTexts].sort());
  expect(names('other').sort()).toEqual([...hostileTexts].sort());
});

test('objects of a log bucket are objects, and a key narrows to what was done with it', async () => {
  const log = {
    context_kind: 'cloudtrail',
    s3_bucket: 'logs',
    s3_context_is_bucket: false,
    resource_arn: 'arn:aws:s3:::logs/AWSLogs/1.json.gz',
  };
  const events = [
    event(log),
    event({ ...log, key_arn: 'other', resource_arn: 'arn:aws:s3:::logs/2' }),
  ];
  const { principal_arn: principal, key_arn: key } = plainEvent;
  const named = async (params: object) =>
    (await runAnalysis(blastRadius, events, { principal, ...params })).rows
      .filter((r) => r['kind'] === 's3_object')
      .map((r) => r['name']);
  expect(await named({})).toEqual(['arn:aws:s3:::logs/2', log.resource_arn]);
  expect(await named({ key })).toEqual([log.resource_arn]);
});
