import { expect, test } from 'vitest';
import { SettledInstants } from '../../api/settled-instants.ts';
import { parseInstant } from '../../core/time.ts';
import { event, withEvents } from '../support/events.ts';
import { rawRequest, withServer } from '../support/server.ts';

const now = Date.parse('2026-10-05T12:00:00Z');

function parsed(from: string, at: number) {
  return {
    raw: { from, limit: '5' },
    params: { from: parseInstant(from, new Date(at)), limit: 5 },
  };
}

test('a relative instant has one meaning for a twentieth of its length, a quarter of an hour at most', () => {
  const instants = new SettledInstants();
  const fromOf = (text: string, seconds: number) => {
    const at = now + seconds * 1_000;
    const { raw, params } = instants.settle('q', parsed(text, at), at);
    expect(raw['from']).toEqual(params['from']);
    expect(raw['limit']).toBe('5');
    return (raw['from'] as Date).toISOString();
  };
  expect(fromOf('1h', 0)).toBe('2026-10-05T11:00:00.000Z');
  expect(fromOf('1h', 179)).toBe('2026-10-05T11:00:00.000Z');
  expect(fromOf('1h', 180)).toBe('2026-10-05T11:03:00.000Z');
  expect(fromOf('7d', 0)).toBe('2026-09-28T12:00:00.000Z');
  expect(fromOf('7d', 899)).toBe('2026-09-28T12:00:00.000Z');
  expect(fromOf('7d', 900)).toBe('2026-09-28T12:15:00.000Z');
  expect(fromOf('60s', 0)).toBe('2026-10-05T11:59:00.000Z');
  expect(fromOf('60s', 10)).toBe('2026-10-05T11:59:10.000Z');
  expect(fromOf('2026-10-01', 0)).toBe('2026-10-01T00:00:00.000Z');
});

test('a relative range that is asked twice is one question: one query, one ETag, 304', async () => {
  await withEvents([event()], (engine) =>
    withServer(engine, async ({ port }) => {
      const ask = (headers = {}) =>
        rawRequest(port, '/api/v1/analyses/service-usage?from=90d', { headers });
      const first = await ask();
      const second = await ask();
      expect(first.status).toBe(200);
      expect(second.headers['etag']).toBe(first.headers['etag']);
      expect(second.json().params.from).toBe(first.json().params.from);
      const tag = String(first.headers['etag']);
      expect((await ask({ 'if-none-match': tag })).status).toBe(304);
    }),
  );
});
