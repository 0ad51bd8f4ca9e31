import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Alerts } from '../../alerts/alerts.ts';
import { send } from '../../alerts/receivers.ts';
import { duePeriod } from '../../alerts/schedule.ts';
import { readState } from '../../alerts/state.ts';
import { alertsSchema } from '../../core/alert-config.ts';
import { configSchema } from '../../core/config.ts';
import type { KmsEvent } from '../../store/relations.ts';
import { event, withEvents } from '../support/events.ts';
import { ReceiverDouble, startMailDouble } from '../support/receiver-double.ts';

let folder: string;
let receiver: ReceiverDouble;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'keymeter-alerts-'));
  receiver = await ReceiverDouble.start();
});
afterEach(async () => {
  await receiver.stop();
  rmSync(folder, { recursive: true, force: true });
});

const refused = (at: string, n: number): KmsEvent[] =>
  Array.from({ length: n }, () =>
    event({ at, region: 'eu-west-1', quota_id: 'crypto_symmetric', outcome: 'throttled' }),
  );
const accepted = (at: string) => event({ at, region: 'eu-west-1', quota_id: 'crypto_symmetric' });

const configOf = (parts: Record<string, unknown> = {}) =>
  configSchema.parse({
    alerts: {
      rules: [{ name: 'throttled', kind: 'throttling' }],
      receivers: [{ name: 'hook', kind: 'webhook', url: receiver.url }],
      base_url: 'https://kms.example.com',
      ...parts,
    },
  });

const stateFile = () => path.join(folder, 'state.json');
let clock = Date.parse('2026-10-10T13:00:00Z');
const open = (config = configOf(), more: Partial<ConstructorParameters<typeof Alerts>[1]> = {}) =>
  new Alerts(config.alerts, { stateFile: stateFile(), now: () => new Date(clock), ...more });

/** Runs the alerts over a database of these events. */
const over = (events: KmsEvent[], alerts: Alerts, config = configOf()) =>
  withEvents(events, (engine) => alerts.run({ engine, config }));

const burst = refused('2026-10-10T12:00:00Z', 3);
const calm = [accepted('2026-10-10T15:00:00Z')];

describe('a situation', () => {
  test('fires once and resolves once, also over restarts', async () => {
    await over(burst, open());
    await over(burst, open());
    await over([...burst, ...calm], open());
    await over([...burst, ...calm], open());
    expect(receiver.taken.map(({ body }) => body['status'])).toEqual(['firing', 'resolved']);
    const [firing] = receiver.taken;
    expect(firing!.body).toMatchObject({
      id: firing!.id,
      title: 'Critical: throttled',
      link: expect.stringMatching(/^https:\/\/kms\.example\.com\/capacity\?/),
    });
    expect(String(firing!.body['text'])).toContain('At least 3 calls');
    expect(readState(stateFile())).toMatchObject({ open: [], outbox: [] });
  });

  test('killed at any moment, it is told at least once, always with the same id', async () => {
    const ids: string[] = [];
    let kills = 3;
    const dying: typeof send = async (to, delivery) => {
      ids.push(delivery.id);
      const outcome = await send(to, delivery);
      // As if the process died between the receiver's answer and the note of it.
      if (kills-- > 0) throw new Error('killed');
      return outcome;
    };
    for (let i = 0; i < 3; i++) {
      await expect(over(burst, open(configOf(), { send: dying }))).rejects.toThrow('killed');
    }
    await over(burst, open(configOf(), { send: dying }));
    expect(new Set(ids).size).toBe(1);
    expect(receiver.taken).toHaveLength(4);
    await over(burst, open());
    expect(receiver.taken).toHaveLength(4);
  });

  test('a rule that cannot be evaluated resolves nothing', async () => {
    await over(burst, open());
    const reasons: string[] = [];
    const alerts = open(configOf(), { onFailure: (what, why) => reasons.push(`${what}: ${why}`) });
    await withEvents(calm, async (engine) => {
      const broken = Object.create(engine) as typeof engine;
      let asked = 0;
      broken.rows = (sql, ...rest) => {
        if (asked++ > 4) return Promise.reject(new Error('the disk is gone'));
        return engine.rows(sql, ...rest);
      };
      await alerts.run({ engine: broken, config: configOf() }).catch(() => undefined);
    });
    expect(receiver.taken.map(({ body }) => body['status'])).not.toContain('resolved');
  });
});

describe('a receiver', () => {
  test.each([500, 503, 429, 408])('that answers %i is tried again later', async (status) => {
    receiver.answers.push(status, status);
    const alerts = open();
    await over(burst, alerts);
    expect(alerts.pending).toBe(1);
    await alerts.deliver();
    expect(receiver.tries).toBe(1);
    clock += 5_000;
    await alerts.deliver();
    clock += 5_000;
    await alerts.deliver();
    expect(receiver.tries).toBe(2);
    clock += 5_000;
    await open().deliver();
    expect(receiver.taken).toHaveLength(1);
    expect(readState(stateFile()).outbox).toEqual([]);
  });

  test('is asked no sooner than it says', async () => {
    receiver.answers.push(429);
    receiver.retryAfter = '120';
    const alerts = open();
    await over(burst, alerts);
    clock += 119_000;
    await alerts.deliver();
    expect(receiver.tries).toBe(1);
    clock += 1_000;
    await alerts.deliver();
    expect(receiver.taken).toHaveLength(1);
  });

  test('that refuses for good is given up, with the reason; a redirect is not followed', async () => {
    receiver.answers.push(404);
    const alerts = open();
    await over(burst, alerts);
    expect(readState(stateFile()).failed).toMatchObject([
      { receiver: 'hook', reason: 'answered 404' },
    ]);
    const redirected = await send(configOf().alerts.receivers[0]!, {
      ...delivery,
      receiver: 'hook',
    });
    expect(redirected).toEqual({ done: true });
    receiver.answers.push(302);
    expect(await send(configOf().alerts.receivers[0]!, delivery)).toMatchObject({ done: false });
  });

  test('gets its secret from the environment, and no message names it', async () => {
    process.env['KEYMETER_TEST_HOOK'] = receiver.url;
    writeFileSync(path.join(folder, 'token'), 'Bearer secret-token\n');
    const hidden = {
      name: 'hook',
      kind: 'webhook',
      url: { env: 'KEYMETER_TEST_HOOK' },
      authorization: { file: path.join(folder, 'token') },
    };
    const config = configOf({ receivers: [hidden] });
    await over(burst, open(config), config);
    expect(receiver.taken[0]!.authorization).toBe('Bearer secret-token');
    const kept = readFileSync(stateFile(), 'utf8');
    expect(kept).not.toContain('secret-token');
    expect(kept).not.toContain(receiver.url);
    delete process.env['KEYMETER_TEST_HOOK'];
    const outcome = await send(config.alerts.receivers[0]!, delivery);
    expect(outcome).toEqual({
      done: false,
      reason: 'the environment variable KEYMETER_TEST_HOOK is not set',
    });
    expect(statSync(stateFile()).mode & 0o077).toBe(0);
  });

  test('Slack and Teams get text that is no markup', async () => {
    for (const kind of ['slack', 'teams'] as const) {
      const hostile = { ...delivery.message, text: '<!channel> *[x](http://evil)*', title: 'a' };
      const to = { name: kind, kind, url: receiver.url };
      await send(to, { ...delivery, message: hostile });
    }
    const [slack, teams] = receiver.taken.map(({ body }) => JSON.stringify(body));
    expect(slack).toContain('&lt;!channel&gt;');
    expect(slack).not.toContain('mrkdwn');
    expect(teams).not.toContain('[x](http');
  });

  test('mail, with a report attached', async () => {
    const mail = await startMailDouble();
    try {
      const to = alertsSchema.parse({
        receivers: [
          {
            name: 'm',
            kind: 'smtp',
            host: '127.0.0.1',
            port: mail.port,
            from: 'k@example.com',
            to: ['a@example.com'],
          },
        ],
      }).receivers[0]!;
      const message = { ...delivery.message, html: '<!doctype html><p>report</p>' };
      expect(await send(to, { ...delivery, message })).toEqual({ done: true });
      expect(mail.mails[0]).toContain('To: a@example.com');
      expect(mail.mails[0]).toContain('<x1@keymeter>');
      expect(mail.mails[0]).toContain('filename=t.html');
    } finally {
      await mail.stop();
    }
  });
});

const delivery = {
  id: 'x1',
  receiver: 'hook',
  status: 'firing' as const,
  attempts: 0,
  next_at: 0,
  made_at: 0,
  message: {
    title: 't',
    text: 'x',
    severity: 'info' as const,
    fields: {},
    link: null,
    at: '',
    html: null,
  },
};

describe('scheduled reports', () => {
  test.each([
    ['day', '2026-11-28T06:59:59Z', '2026-11-27'],
    ['day', '2026-11-28T07:00:00Z', '2026-11-28'],
    // 2026-11-30 is a Monday.
    ['week', '2026-11-30T06:59:59Z', '2026-11-23'],
    ['week', '2026-11-30T07:00:00Z', '2026-11-30'],
    ['month', '2026-12-01T06:00:00Z', '2026-11-01'],
    ['month', '2026-12-01T07:00:00Z', '2026-12-01'],
  ] as const)('each %s at 07:00: at %s the period is %s', (every, now, period) => {
    expect(duePeriod({ every, at: '07:00' }, new Date(now))).toBe(period);
  });

  test('are sent once a period, and not at the first start', async () => {
    const config = configOf({
      rules: [],
      reports: [{ name: 'weekly', report: 'finops', every: 'day' }],
    });
    clock = Date.parse('2026-11-27T12:00:00Z');
    await over(calm, open(config), config);
    expect(receiver.taken).toHaveLength(0);
    clock = Date.parse('2026-11-28T07:00:00Z');
    await over(calm, open(config), config);
    await over(calm, open(config), config);
    expect(receiver.taken).toHaveLength(1);
    expect(receiver.taken[0]!.body).toMatchObject({ status: 'report' });
    expect(String(receiver.taken[0]!.body['html'])).toMatch(/^<!doctype html>/);
  });
});

test('a configuration that names an unknown receiver is refused', () => {
  const rules = [{ name: 'a', kind: 'throttling', receivers: ['nobody'] }];
  expect(() => alertsSchema.parse({ rules })).toThrow('there is no receiver nobody');
  expect(() =>
    alertsSchema.parse({ receivers: [{ name: 'x', kind: 'webhook', url: 'ftp://x' }] }),
  ).toThrow();
});
