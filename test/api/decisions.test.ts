import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { newToken } from '../../api/token.ts';
import { loadConfig } from '../../cli/load-config.ts';
import { configSchema } from '../../core/config.ts';
import { decisionsFile, readDecisions } from '../../core/decisions.ts';
import { event, withEvents } from '../support/events.ts';
import { rawRequest, withServer } from '../support/server.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-decisions-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const root = 'arn:aws:iam::111122223333:root';
/** The root user makes calls: rule root-use finds it. */
const events = [0, 1, 2].map((i) =>
  event({
    at: `2026-10-05T12:00:0${i}Z`,
    principal_arn: root,
    principal_type: 'Root',
    operation: 'Decrypt',
  }),
);

const address = '/api/v1/decisions';
const json = { 'content-type': 'application/json' };
const body = (parts: object) => JSON.stringify({ rule: 'root-use', principal_arn: root, ...parts });
const send = (port: number, text: string, headers: Record<string, string> = json) =>
  rawRequest(port, address, {
    method: 'POST',
    headers: { 'content-length': String(Buffer.byteLength(text)), ...headers },
    body: text,
  });

describe('decisions about findings', () => {
  it('are kept beside the configuration, and shown by every answer', async () => {
    const file = path.join(scratch, 'keymeter.decisions.json');
    await withEvents(events, (engine) =>
      withServer(
        engine,
        async ({ port }) => {
          const found = async () => {
            const { rows } = (await rawRequest(port, '/api/v1/analyses/detections')).json();
            const judged = (rows as Record<string, unknown>[]).filter(
              (row) => row['verdict'] === 'found',
            );
            return judged.map((row) => [row['rule'], row['decision'], row['decision_reason']]);
          };
          expect(await found()).toEqual([['root-use', 'open', null]]);
          const made = await send(
            port,
            body({ decision: 'suppressed', reason: 'break-glass test' }),
          );
          expect(made.status).toBe(200);
          expect(await found()).toEqual([['root-use', 'suppressed', 'break-glass test']]);
          expect(readDecisions(file)).toMatchObject([
            { rule: 'root-use', principal_arn: root, decision: 'suppressed' },
          ]);
          const metrics = (await rawRequest(port, '/metrics')).text;
          expect(metrics).not.toMatch(/^keymeter_detections\{[^}]*root-use/m);
          const { rows } = (await rawRequest(port, '/api/v1/analyses/detection-rules')).json();
          const rule = rows.find((row: { rule: string }) => row.rule === 'root-use');
          expect(rule).toMatchObject({ state: 'found', findings: 0, suppressed: 1 });
          const report = await rawRequest(port, '/api/v1/reports/security?format=markdown');
          expect(report.text).toContain('break-glass test');
          // Commands that read the same configuration say the same.
          const configFile = path.join(scratch, 'keymeter.json');
          writeFileSync(configFile, '{}');
          const { decisions } = await loadConfig({ config: configFile, db: 'x.duckdb' });
          expect(decisions.map((one) => one.reason)).toEqual(['break-glass test']);
          expect(decisionsFile(configFile, 'x.duckdb')).toBe(file);

          expect((await send(port, body({ decision: 'open' }))).status).toBe(200);
          expect(await found()).toEqual([['root-use', 'open', null]]);
          expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ decisions: [] });
        },
        { config: configSchema.parse({}), decisionsFile: file },
      ),
    );
  });

  it('are refused without a reason, without JSON, from other sites, too large, and without a file', async () => {
    const file = path.join(scratch, 'refused.decisions.json');
    const right = body({ decision: 'acknowledged', reason: 'seen' });
    await withEvents(events, async (engine) => {
      await withServer(
        engine,
        async ({ port }) => {
          const status = async (text: string, headers?: Record<string, string>) =>
            (await send(port, text, headers)).status;
          expect(await status(body({ decision: 'suppressed', reason: '  ' }))).toBe(400);
          expect(await status(body({ decision: 'maybe', reason: 'x' }))).toBe(400);
          expect(await status('{')).toBe(400);
          expect(await status(right, { 'content-type': 'text/plain' })).toBe(415);
          expect(await status(right, { ...json, origin: 'http://evil.example' })).toBe(403);
          expect(await status(right, { ...json, 'sec-fetch-site': 'cross-site' })).toBe(403);
          const large = body({ decision: 'acknowledged', reason: 'x'.repeat(20_000) });
          expect(await status(large)).toBe(413);
          const elsewhere = await rawRequest(port, '/api/v1/health', {
            method: 'POST',
            headers: { ...json, 'content-length': '2' },
            body: '{}',
          });
          expect(elsewhere.status).toBe(405);
        },
        { config: configSchema.parse({}), decisionsFile: file },
      );
      await withServer(engine, async ({ port }) => {
        expect((await send(port, right)).status).toBe(409);
      });
    });
    expect(readDecisions(file)).toEqual([]);
  });

  it('need the token when the server has one, and loopback when it has none', async () => {
    const token = newToken();
    const right = body({ decision: 'acknowledged', reason: 'seen' });
    await withEvents(events, async (engine) => {
      const config = configSchema.parse({});
      const decisionsFile = path.join(scratch, 'token.decisions.json');
      await withServer(
        engine,
        async ({ port }) => {
          expect((await send(port, right)).status).toBe(401);
          const bearer = { ...json, authorization: `Bearer ${token}` };
          expect((await send(port, right, bearer)).status).toBe(200);
        },
        { config, decisionsFile, token },
      );
      await withServer(
        engine,
        async ({ port }) => {
          const proxied = { ...json, host: 'kms.example.com' };
          expect((await send(port, right, proxied)).status).toBe(403);
        },
        { config, decisionsFile, allowedHosts: ['kms.example.com'] },
      );
    });
  });
});
