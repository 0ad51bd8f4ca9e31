import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import keyTimeline from '../../../analytics/investigation/key-timeline.ts';
import principalTimeline from '../../../analytics/investigation/principal-timeline.ts';
import sourceTimeline from '../../../analytics/investigation/source-timeline.ts';
import { defaultConfig } from '../../../core/config.ts';
import { isoSeconds } from '../../../core/time.ts';
import type { RelatedEvent } from '../../../store/batch/event-batch.ts';
import type { KmsEvent } from '../../../store/relations.ts';
import { event, plainEvent, withEvents } from '../../support/events.ts';
import { hostileTexts } from '../../support/hostile-texts.ts';
import { relatedEvent } from '../../support/related.ts';

const start = Date.parse('2026-10-05T12:00:00Z') / 1000;
const key = plainEvent.key_arn!;
const key_id = key.split('/')[1]!;

type Row = Record<string, unknown>;

async function run(
  analysis: typeof keyTimeline,
  events: KmsEvent[],
  params: Row,
  related: RelatedEvent[] = [],
): Promise<{ rows: Row[]; notes: string[] }> {
  return withEvents(
    events,
    async (engine) => {
      const result = await analysis.execute(params, { engine, config: defaultConfig });
      for (const row of result.rows) analysis.row.strict().parse(row);
      return result;
    },
    related,
  );
}

/** Runs over plain arrays: like calls in time order, a new run where the gap is wider than fold_s. */
function runsByHand(events: readonly KmsEvent[], fold_s: number) {
  const likes = new Map<string, KmsEvent[]>();
  for (const e of events) {
    const like = JSON.stringify([e.operation, e.outcome, e.principal_arn, e.caller_source]);
    likes.set(like, [...(likes.get(like) ?? []), e]);
  }
  const runs: {
    first_at: string;
    last_at: string;
    events: number;
    calls: number;
    like: string;
    resource_arn: string | null;
  }[] = [];
  for (const [like, mine] of likes) {
    mine.sort((a, b) => a.event_time - b.event_time);
    let run: KmsEvent[] = [];
    const close = () => {
      if (run.length === 0) return;
      const resources = new Set(run.map((e) => e.resource_arn));
      runs.push({
        first_at: isoSeconds(run[0]!.event_time),
        last_at: isoSeconds(run.at(-1)!.event_time),
        events: run.length,
        calls: run.filter((e) => e.event_type === 'AwsApiCall').length,
        like,
        resource_arn: resources.size === 1 ? [...resources][0]! : null,
      });
      run = [];
    };
    for (const e of mine) {
      if (run.length > 0 && e.event_time - run.at(-1)!.event_time > fold_s) close();
      run.push(e);
    }
    close();
  }
  return runs.sort(byText);
}

const byText = (a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

const call = fc.record({
  second: fc.integer({ min: 0, max: 400 }),
  operation: fc.constantFrom('Decrypt', 'Encrypt'),
  denied: fc.boolean(),
  principal: fc.constantFrom('a', 'b'),
  source: fc.constantFrom('192.0.2.1', '192.0.2.2'),
  counted: fc.boolean(),
  resource: fc.constantFrom('r1', 'r2', null),
});

test('runs equal runs over plain arrays, whatever the gap that folds them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(call, { maxLength: 40 }),
      fc.constantFrom(0, 7, 59, 60, 61, 150),
      async (calls, fold_s) => {
        const events = calls.map((c) =>
          event({
            event_time: start + c.second,
            operation: c.operation,
            outcome: c.denied ? 'denied' : 'success',
            principal_arn: c.principal,
            caller_source: c.source,
            resource_arn: c.resource,
            event_type: c.counted ? 'AwsApiCall' : 'AwsServiceEvent',
          }),
        );
        const { rows } = await run(keyTimeline, events, { key, fold_s });
        const got = rows.map((r) => ({
          first_at: r['first_at'],
          last_at: r['last_at'],
          events: r['events'],
          calls: r['calls'],
          like: JSON.stringify([
            r['operation'],
            r['outcome'],
            r['principal_arn'],
            r['caller_source'],
          ]),
          resource_arn: r['resource_arn'],
        }));
        expect(got.sort(byText)).toEqual(runsByHand(events, fold_s));
      },
    ),
    { numRuns: 25 },
  );
});

test('single events are the drill-down: a row each, in order, with their own columns', async () => {
  const events = [0, 0, 5].map((second, i) =>
    event({ event_time: start + second, session_name: `s${i}`, resource_arn: `r${i}` }),
  );
  const { rows } = await run(principalTimeline, events, {
    principal: plainEvent.principal_arn,
    single_events: 'true',
  });
  expect(rows.map((r) => [r['event_id'], r['session_name'], r['resource_arn']]).sort()).toEqual(
    events.map((e) => [e.event_id, e.session_name, e.resource_arn]).sort(),
  );
});

describe('a key timeline', () => {
  const alias = 'alias/app';
  const other = key.replace(key_id, '00000000-0000-0000-0000-000000000002');
  const change = (operation: string, second: number, target: string | null) =>
    event({
      event_time: start + second,
      operation,
      key_arn: target,
      request_parameters: JSON.stringify({ aliasName: alias, targetKeyId: target?.split('/')[1] }),
    });
  const throttledThrough = (second: number, ref = alias) =>
    event({ event_time: start + second, outcome: 'throttled', key_arn: null, key_ref: ref });

  test('takes unresolved calls by what their alias meant at that second', async () => {
    const events = [
      throttledThrough(5),
      change('CreateAlias', 10, key),
      throttledThrough(15),
      change('UpdateAlias', 20, other),
      throttledThrough(25),
      throttledThrough(26, `arn:aws:kms:eu-central-1:111111111111:${alias}`),
      throttledThrough(27, key_id),
      change('DeleteAlias', 30, null),
      throttledThrough(35),
    ];
    const seconds = async (key: string) => {
      const { rows } = await run(keyTimeline, events, {
        key,
        outcome: 'throttled',
        single_events: true,
      });
      return rows.map((r) => Date.parse(String(r['first_at'])) / 1000 - start);
    };
    expect(await seconds(key)).toEqual([15, 27]);
    expect(await seconds(key_id)).toEqual([15, 27]);
    expect(await seconds(other)).toEqual([25, 26]);
    expect(await seconds(alias)).toEqual([25, 26]);
  });

  test('holds both ends of ReEncrypt and events of other services that name the key', async () => {
    const events = [event({ operation: 'ReEncrypt', key_arn: other, destination_key_arn: key })];
    const related = [
      relatedEvent({
        event_name: 'PutBucketEncryption',
        request_parameters: JSON.stringify({ rule: { KMSMasterKeyID: key } }),
      }),
    ];
    const { rows } = await run(keyTimeline, events, { key }, [...related, ...related]);
    expect(rows.map((r) => [r['operation'], r['events']]).sort()).toEqual([
      ['PutBucketEncryption', 1],
      ['ReEncrypt', 1],
    ]);
  });
});

test('a source timeline joins clues and needs at least one', async () => {
  const events = [
    event({ caller_source: '198.51.100.7', access_key_id: 'K1' }),
    event({ caller_source: '198.51.100.7', access_key_id: 'K2' }),
    event({ caller_source: '198.51.100.8', access_key_id: 'K1' }),
  ];
  const count = async (params: Row) =>
    (await run(sourceTimeline, events, { ...params, single_events: true })).rows.length;
  expect(await count({ source: '198.51.100.7' })).toBe(2);
  expect(await count({ source: '198.51.100.7', access_key: 'K1' })).toBe(1);
  expect(await count({ session: 'session' })).toBe(3);
  await expect(count({})).rejects.toThrow(/at least one/);
});

test('text written by attackers comes back as the same text', async () => {
  const events = hostileTexts.map((text, i) =>
    event({
      event_id: randomUUID(),
      event_time: start + i,
      user_agent: text,
      session_name: text,
      resource_arn: text,
      error_code: text,
      principal_arn: text,
      caller_source: text,
      key_ref: text,
      key_arn: null,
    }),
  );
  for (const [i, text] of hostileTexts.entries()) {
    const { rows } = await run(principalTimeline, events, { principal: text });
    expect(rows).toHaveLength(1);
    for (const field of [
      'user_agent',
      'session_name',
      'resource_arn',
      'error_code',
      'principal_arn',
      'caller_source',
      'key',
    ]) {
      expect(rows[0]![field]).toBe(text);
    }
    const byAgent = await run(sourceTimeline, events, { user_agent: text });
    expect(byAgent.rows.map((r) => r['event_id'])).toEqual([events[i]!.event_id]);
  }
});

test('every answer tells the coverage of its range', async () => {
  const events = [event({ event_time: start }), event({ event_time: start + 2 * 3600 })];
  const { notes } = await run(keyTimeline, events, {
    key,
    from: '2026-10-05T10:00:00Z',
    to: '2026-10-05T16:00:00Z',
  });
  expect(notes.join(' ')).toContain('Coverage: 3 of 6 hours');
  const empty = await run(keyTimeline, events, { key, from: '2026-10-06', to: '2026-10-07' });
  expect(empty.notes.join(' ')).toContain('no file that was read covers any of this range');
});
