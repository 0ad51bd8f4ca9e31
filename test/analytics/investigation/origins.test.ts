import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import origins from '../../../analytics/investigation/origins.ts';
import type { RelatedEvent } from '../../../store/batch/event-batch.ts';
import type { KmsEvent } from '../../../store/relations.ts';
import { event, plainEvent } from '../../support/events.ts';
import { hostileTexts } from '../../support/hostile-texts.ts';
import { relatedEvent } from '../../support/related.ts';
import { pick, runAnalysis, type Row } from '../../support/run-analysis.ts';

const start = plainEvent.event_time;
const through = (more: Partial<KmsEvent>) =>
  event({
    is_direct: false,
    via_service: 's3.amazonaws.com',
    source_ip: null,
    caller_source: 's3.amazonaws.com',
    context_kind: 's3',
    ...more,
  });

const kms = fc.record({
  second: fc.integer({ min: 0, max: 8 }),
  principal: fc.constantFrom('p1', 'p2'),
  resource: fc.constantFrom('arn:aws:s3:::b/1', 'arn:aws:s3:::b/2'),
});
const cause = fc.record({
  second: fc.integer({ min: 0, max: 8 }),
  principal: fc.constantFrom('p1', 'p2'),
  resource: fc.constantFrom('arn:aws:s3:::b/1', 'arn:aws:s3:::b/2'),
  source: fc.constantFrom('192.0.2.1', '192.0.2.2'),
});

test('matches equal a scan over plain arrays', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(kms, { minLength: 1, maxLength: 12 }),
      fc.array(cause, { maxLength: 12 }),
      fc.integer({ min: 0, max: 2 }),
      async (calls, causes, window_s) => {
        const events = calls.map((c) =>
          through({
            event_time: start + c.second,
            principal_arn: c.principal,
            resource_arn: c.resource,
          }),
        );
        const related = causes.map((c) =>
          relatedEvent({
            event_time: start + c.second,
            principal_arn: c.principal,
            resource_arn: c.resource,
            source_ip: c.source,
            caller_source: c.source,
          }),
        );
        const expected = events.map((e) => {
          const fits = related
            .filter(
              (r) =>
                r.principal_arn === e.principal_arn &&
                r.resource_arn === e.resource_arn &&
                Math.abs(r.event_time - e.event_time) <= window_s,
            )
            .sort((a, b) => {
              const near = (r: RelatedEvent) => Math.abs(r.event_time - e.event_time);
              return (
                near(a) - near(b) ||
                a.event_time - b.event_time ||
                (a.event_id < b.event_id ? -1 : 1)
              );
            });
          const addresses = new Set(fits.map((r) => r.caller_source));
          const basis =
            fits.length === 0 ? 'unmatched' : addresses.size > 1 ? 'ambiguous' : 'matched';
          const found = basis === 'matched' ? fits[0]! : null;
          return [
            e.event_id,
            basis,
            fits.length,
            found?.event_id ?? null,
            found?.source_ip ?? null,
          ];
        });
        // A related event may be stored twice, when two trails delivered it.
        const { rows, notes } = await runAnalysis(
          origins,
          events,
          { window_s },
          { related: [...related, ...related] },
        );
        const got = pick(rows, 'event_id', 'basis', 'candidates', 'origin_event_id', 'origin_ip');
        expect(got.sort()).toEqual(expected.sort());
        const matched = expected.filter((r) => r[1] === 'matched').length;
        expect(notes.join(' ')).toContain(
          `Of ${calls.length} calls through services that name a resource, ${matched} (`,
        );
      },
    ),
    { numRuns: 25 },
  );
});

describe('a cause may name the resource in other words', () => {
  const one = async (call: Partial<KmsEvent>, related: Partial<RelatedEvent>): Promise<Row> => {
    const { rows } = await runAnalysis(
      origins,
      [through(call)],
      {},
      { related: [relatedEvent(related)] },
    );
    return rows[0]!;
  };
  const secret = 'arn:aws:secretsmanager:eu-central-1:111111111111:secret:db/main-a1B2c3';
  const secretCall = { context_kind: 'secretsmanager', resource_arn: secret };
  const secretCause = {
    event_source: 'secretsmanager.amazonaws.com',
    event_name: 'GetSecretValue',
  };
  const parameter = 'arn:aws:ssm:eu-central-1:111111111111:parameter';
  const parameterCall = { context_kind: 'ssm', resource_arn: `${parameter}/app/db/password` };
  const byPath = { event_source: 'ssm.amazonaws.com', event_name: 'GetParametersByPath' };

  test.each<[string, Partial<KmsEvent>, Partial<RelatedEvent>, string]>([
    ['a secret by ARN', secretCall, { ...secretCause, resource_arn: secret }, 'matched'],
    [
      'a secret without its end',
      secretCall,
      { ...secretCause, resource_arn: secret.slice(0, -7) },
      'matched',
    ],
    ['a secret by name', secretCall, { ...secretCause, resource_arn: 'db/main' }, 'matched'],
    ['another secret', secretCall, { ...secretCause, resource_arn: 'db/other' }, 'unmatched'],
    [
      'a list of parameters',
      parameterCall,
      {
        ...byPath,
        event_name: 'GetParameters',
        resource_arn: `${parameter}/x\n${parameter}/app/db/password`,
      },
      'matched',
    ],
    ['the path', parameterCall, { ...byPath, resource_arn: `${parameter}/app/db/*` }, 'matched'],
    ['a path above', parameterCall, { ...byPath, resource_arn: `${parameter}/app/*` }, 'matched'],
    ['all parameters', parameterCall, { ...byPath, resource_arn: `${parameter}/*` }, 'matched'],
    [
      'another path',
      parameterCall,
      { ...byPath, resource_arn: `${parameter}/app/d/*` },
      'unmatched',
    ],
    [
      'an object, where KMS knows the bucket',
      { resource_arn: 'arn:aws:s3:::b', s3_context_is_bucket: true },
      { resource_arn: 'arn:aws:s3:::b/k/l' },
      'matched',
    ],
    [
      'an object, by another principal',
      { resource_arn: 'arn:aws:s3:::b/k' },
      { resource_arn: 'arn:aws:s3:::b/k', principal_arn: 'p' },
      'unmatched',
    ],
    [
      'an object, in another Region',
      { resource_arn: 'arn:aws:s3:::b/k' },
      { resource_arn: 'arn:aws:s3:::b/k', region: 'us-east-1' },
      'unmatched',
    ],
    [
      'an event that causes no KMS call',
      { resource_arn: 'arn:aws:s3:::b/k' },
      { event_name: 'PutBucketEncryption', resource_arn: 'arn:aws:s3:::b/k' },
      'unmatched',
    ],
  ])('%s', async (_, call, related, basis) => {
    const row = await one(call, related);
    expect(row['basis']).toBe(basis);
    expect(row['origin_ip']).toBe(basis === 'matched' ? '203.0.113.9' : null);
  });
});

test('an unmatched call has no address, never the name of the service', async () => {
  const { rows } = await runAnalysis(origins, [through({ resource_arn: 'arn:aws:s3:::b/k' })]);
  expect(pick(rows, 'origin_ip', 'origin_source', 'origin_user_agent')).toEqual([
    [null, null, null],
  ]);
});

test('hostile object names and agents come back as the same text', async () => {
  for (const text of hostileTexts) {
    const resource_arn = `arn:aws:s3:::b/${text}`;
    const { rows } = await runAnalysis(
      origins,
      [through({ resource_arn })],
      {},
      {
        related: [relatedEvent({ resource_arn, user_agent: text })],
      },
    );
    expect(pick(rows, 'resource_arn', 'origin_user_agent')).toEqual([[resource_arn, text]]);
  }
});
