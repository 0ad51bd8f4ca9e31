import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../core/config.ts';
import { serve, type RunningServer } from '../../api/listen.ts';
import { openEngine } from '../../store/open-engine.ts';
import type { OpenedEngine } from '../../store/engine.ts';
import { demoDatabase, type DemoDatabase } from '../support/demo-database.ts';
import { alertRules, grafanaFiles } from '../support/grafana.ts';
import { promtool, startPrometheus, until, type Prometheus } from '../support/prometheus.ts';
import { rawRequest } from '../support/server.ts';

const folder = path.join(import.meta.dirname, '../../dashboards/grafana');
const files = grafanaFiles();
const run = promisify(execFile);
/** Prometheus waits one second in these tests; the first numbers take longer. */
const patient = { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '600' } };

interface Panel {
  title: string;
  targets: { expr: string; legendFormat: string }[];
}
const { panels } = JSON.parse(files.get('dashboards/keymeter.json')!) as { panels: Panel[] };
const rules = alertRules(files.get('provisioning/alerting/keymeter.yaml')!);
/** Dashboard variables as Grafana fills them for All. */
const filled = (expr: string) => expr.replaceAll('$account', '.*').replaceAll('$region', '.*');

describe.skipIf(!promtool)('with promtool and Prometheus', () => {
  let demo: DemoDatabase;
  let engine: OpenedEngine;
  let server: RunningServer;
  let prometheus: Prometheus;

  beforeAll(async () => {
    demo = await demoDatabase();
    engine = await openEngine(`duckdb:${demo.database}`);
    server = await serve({
      engine,
      config: readConfig(demo.configFile),
      port: 0,
      deadline_ms: 600_000,
      database: demo.database,
    });
    await rawRequest(server.port, '/metrics', patient);
    prometheus = await startPrometheus({
      scrape_configs: [
        {
          job_name: 'keymeter',
          static_configs: [{ targets: [`127.0.0.1:${server.port}`] }],
        },
      ],
      rule_files: [path.join(folder, 'prometheus-rules.yaml')],
    });
    const up = () => prometheus.query('up{job="keymeter"}');
    await until(up, (series) => series[0]?.value === 1);
  });
  afterAll(async () => {
    await prometheus?.stop();
    await server?.close();
    engine?.close();
    demo?.remove();
  });

  test('the rules and the scrape are valid, and the unit tests of the rules pass', async () => {
    const tool = (...words: string[]) => run(promtool!, words, { cwd: folder });
    await tool('check', 'rules', '--lint=all', '--lint-fatal', 'prometheus-rules.yaml');
    await tool('check', 'config', 'prometheus.yaml');
    await tool('test', 'rules', 'prometheus-rules.test.yaml');
  });

  test('promtool has nothing to say about names, types and help of the metrics', async () => {
    const { text } = await rawRequest(server.port, '/metrics');
    const child = run(promtool!, ['check', 'metrics']);
    child.child.stdin!.end(text);
    const { stdout, stderr } = await child;
    expect(stdout + stderr).toBe('');
  });

  test('every panel shows something on the demo trail, each series under a legend of its own', async () => {
    for (const { title, targets } of panels) {
      const legends: string[] = [];
      for (const { expr, legendFormat } of targets) {
        const series = await prometheus.query(filled(expr));
        expect([title, expr, series.length > 0]).toEqual([title, expr, true]);
        for (const { metric, value } of series) {
          expect([title, Number.isNaN(value)]).toEqual([title, false]);
          legends.push(legendFormat.replace(/\{\{(\w+)\}\}/g, (_, name) => metric[name] ?? ''));
        }
      }
      expect([title, legends.length]).toEqual([title, new Set(legends).size]);
    }
  });

  test('values are those that the API answers', async () => {
    const rows = async (query: string) =>
      (await rawRequest(server.port, `/api/v1/analyses/${query}`)).json().rows as Record<
        string,
        any
      >[];
    const total = await prometheus.query('sum(keymeter_kms_calls_total)');
    const [charged] = await engine.rows(
      'SELECT CAST(sum(units) AS BIGINT) AS n FROM quota_charges',
    );
    expect(total[0]!.value).toBe(charged!['n']);
    const newest = await prometheus.query('keymeter_newest_event_timestamp_seconds');
    const from = new Date(newest[0]!.value * 1000 - 86_400_000).toISOString();
    const use = await rows(`quota-utilisation?from=${from}`);
    const shown = await prometheus.query('keymeter_quota_utilisation_peak_ratio');
    expect(shown.length).toBeGreaterThan(3);
    for (const { metric, value } of shown) {
      const own = use.filter(
        (row) =>
          row['caller_account_id'] === metric['account'] &&
          row['region'] === metric['region'] &&
          row['quota_id'] === metric['quota'],
      );
      const most = Math.max(...own.map((row) => row['utilisation_peak_percent']));
      expect([metric['quota'], value]).toEqual([metric['quota'], most / 100]);
    }
  });

  test('Grafana and Prometheus alarm on the same conditions, and Prometheus evaluates them all', async () => {
    const groups = () => prometheus.get('rules');
    const evaluated = await until(groups, ({ groups: [group] }) =>
      group.rules.every(({ health }: { health: string }) => health === 'ok'),
    );
    const served = evaluated.groups[0].rules as { name: string; state: string }[];
    expect(served.length).toBe(rules.length);
    for (const [i, { expr, above, uid }] of rules.entries()) {
      const fires = (await prometheus.query(`(${expr}) > ${above}`)).length > 0;
      expect([uid, served[i]!.state !== 'inactive']).toEqual([uid, fires]);
    }
    // The demo trail ended long ago; the rule waits for 15 minutes.
    expect(served.find(({ name }) => name === 'KeymeterStale')!.state).toBe('pending');
    expect(served.find(({ name }) => name === 'KeymeterDown')!.state).toBe('inactive');
    expect(served.find(({ name }) => name === 'KeymeterAnalysisFailed')!.state).toBe('inactive');
  });

  test('a server that has ended is noticed', async () => {
    await server.close();
    const down = rules.find(({ uid }) => uid === 'keymeter-down')!;
    const firing = () => prometheus.query(`(${down.expr}) > ${down.above}`);
    const [series] = await until(firing, (found) => found.length > 0);
    expect(series).toEqual({ metric: { job: 'keymeter' }, value: 1 });
  });
});
