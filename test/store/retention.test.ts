import { expect, test } from 'vitest';
import { dropDaysBefore } from '../../store/write/retention.ts';
import { event, store, withEvents } from '../support/events.ts';

const at = (day: number, hour = 12) => `2026-10-${String(day).padStart(2, '0')}T${hour}:00:00Z`;
const call = (day: number, name: string, more = {}) =>
  event({
    at: at(day),
    session_name: name,
    caller_arn: name,
    quota_id: 'crypto_symmetric',
    ...more,
  });

test('whole days go, with their sums and what only they named; the rest stays as it was', async () => {
  const days = [1, 2, 3, 4, 5];
  const events = days.flatMap((day) => [call(day, `day ${day}`), call(day, 'always')]);
  await withEvents(events, async (engine, database) => {
    const dropped = await dropDaysBefore(database, new Date(at(3, 18)));
    expect(dropped).toEqual({ events: 4, kept_from: '2026-10-03T00:00:00Z' });
    const rows = await engine.rows(
      'SELECT DISTINCT session_name, CAST(event_time AS VARCHAR) AS at FROM kms_events ORDER BY 2, 1',
    );
    const left = [3, 4, 5].flatMap((day) =>
      ['always', `day ${day}`].map((session_name) => ({
        session_name,
        at: `2026-10-0${day} 12:00:00`,
      })),
    );
    expect(rows).toEqual(left);
    expect(await engine.rows('SELECT sum(offered) AS n FROM calls_per_second')).toEqual([{ n: 6 }]);
    const names = await engine.rows('SELECT session_name AS name FROM identities ORDER BY 1');
    expect(names).toEqual(['always', 'day 3', 'day 4', 'day 5'].map((name) => ({ name })));

    // What comes later finds its dimensions, and an older day goes again.
    await store(database, [call(1, 'late'), call(5, 'day 1')]);
    expect(await engine.rows('SELECT count(*) AS n FROM kms_events')).toEqual([{ n: 8 }]);
    expect(await dropDaysBefore(database, new Date(at(3, 18)))).toMatchObject({ events: 1 });
    expect(await engine.rows('SELECT count(*) AS n FROM kms_events')).toEqual([{ n: 7 }]);
    expect(await dropDaysBefore(database, new Date(at(3, 18)))).toMatchObject({ events: 0 });
  });
});
