import { beforeAll, describe, expect, test } from 'vitest';
import { configSchema } from '../../core/config.ts';
import type { KmsEvent } from '../../store/relations.ts';
import { event, withEvents } from '../support/events.ts';
import { alertRules, grafanaFiles, readsOf, samplesOf, type Samples } from '../support/grafana.ts';
import { rawRequest, withServer } from '../support/server.ts';

const files = grafanaFiles();
const dashboard = JSON.parse(files.get('dashboards/keymeter.json')!);
const rules = alertRules(files.get('provisioning/alerting/keymeter.yaml')!);
const source = /uid: (\S+)/.exec(files.get('provisioning/datasources/keymeter.yaml')!)![1]!;

const config = configSchema.parse({
  quotaOverrides: [{ account_id: '111111111111', quota_id: 'crypto_symmetric', value: 10 }],
});
const at = '2026-10-05T12:00:00Z';
/** Prometheus says how long it waits; tests wait. */
const patientScrape = { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '600' } };
const many = (count: number, more: Partial<KmsEvent> = {}) =>
  Array.from({ length: count }, () => event({ at, ...more }));

/** The text of /metrics; any file does for the metrics of the database's file. */
const metricsOf = (events: KmsEvent[]): Promise<string> =>
  withEvents(events, (engine) =>
    withServer(
      engine,
      async ({ port }) => (await rawRequest(port, '/metrics', patientScrape)).text,
      { config, database: import.meta.filename },
    ),
  );

/** Root deletes a key: a detection. */
const rootUse = event({
  at,
  principal_type: 'Root',
  principal_arn: 'arn:aws:iam::111111111111:root',
  operation: 'ScheduleKeyDeletion',
  operation_class: 'management',
});

let served: Samples;
let named: Set<string>;
beforeAll(async () => {
  const text = await metricsOf([...many(9), ...many(3, { outcome: 'throttled' }), rootUse]);
  served = samplesOf(text);
  named = new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map((match) => match[1]!));
});

/** Labels that a metric has on the server; undefined for one without samples. */
const labelsOf = (metric: string) => {
  const samples = served.get(metric);
  return samples && Object.keys(samples[0]!.labels);
};
/** Labels that Prometheus adds. */
const added = ['job', 'instance'];

function expectServed(expr: string, more: readonly string[] = []) {
  const { metrics, labels } = readsOf(expr);
  expect(metrics.length > 0 || /\bup\b/.test(expr), expr).toBe(true);
  for (const metric of metrics) {
    expect(named.has(metric), `${metric} of ${expr} is served`).toBe(true);
    const known = labelsOf(metric);
    const unknown = [...labels, ...more].filter((label) => !added.includes(label));
    expect([expr, metric, unknown.filter((one) => known && !known.includes(one))]).toEqual([
      expr,
      metric,
      [],
    ]);
  }
}

describe('the dashboard', () => {
  const panels = dashboard.panels as {
    id: number;
    type: string;
    title: string;
    datasource: { type: string; uid: string };
    gridPos: { x: number; y: number; w: number; h: number };
    targets: { refId: string; expr: string; legendFormat: string; datasource: { uid: string } }[];
  }[];

  test('asks only for metrics and labels that the server has', () => {
    for (const { targets } of panels) {
      for (const { expr, legendFormat } of targets) {
        const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]!);
        expectServed(
          expr,
          named.filter((label) => label !== '__name__'),
        );
      }
    }
  });

  test('declares the variables that it uses, and fills them from labels of the server', () => {
    const list = dashboard.templating.list as { name: string; query: { query: string } }[];
    for (const { name, query } of list) {
      const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(query.query)!;
      expect(labelsOf(metric!), name).toContain(label);
    }
    const declared = list.map((variable) => variable.name);
    const used = panels.flatMap(({ targets }) =>
      targets.flatMap((one) => readsOf(one.expr).variables),
    );
    expect([...new Set(used)].sort()).toEqual([...declared].sort());
  });

  test('is laid out on 24 columns without overlap, every panel from the provisioned source', () => {
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(36);
    expect(new Set(panels.map((panel) => panel.id)).size).toBe(panels.length);
    expect(panels.length).toBeGreaterThan(10);
    const taken = new Set<string>();
    for (const { gridPos, datasource, targets, title } of panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), title).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
      for (const one of [{ datasource }, ...targets]) expect(one.datasource.uid).toBe(source);
      expect(new Set(targets.map((target) => target.refId)).size).toBe(targets.length);
    }
  });
});

describe('the alerts', () => {
  test('read only metrics and labels that the server has, in their texts too', () => {
    expect(rules.length).toBe(10);
    for (const { expr, text, uid } of rules) {
      const told = [...text.matchAll(/\$labels\.(\w+)/g)].map((match) => match[1]!);
      expectServed(expr, told);
      // Grafana takes a dollar sign outside annotations for a variable of its environment.
      const outside = text.split('\n').filter((line) => !line.includes('summary:'));
      expect([uid, outside.filter((line) => line.includes('$'))]).toEqual([uid, []]);
    }
  });

  test('judge what they ask: each condition is a query of the rule, each query of the source', () => {
    expect(new Set(rules.map((rule) => rule.uid)).size).toBe(rules.length);
    for (const { text, uid } of rules) {
      expect(uid.length).toBeLessThanOrEqual(40);
      const queries = [...text.matchAll(/^ {10}- refId: (\w+)$/gm)].map((match) => match[1]!);
      const models = [...text.matchAll(/^ {14}refId: (\w+)$/gm)].map((match) => match[1]!);
      expect(models).toEqual(queries);
      expect(queries).toContain(/^ {8}condition: (\w+)$/m.exec(text)![1]);
      expect(queries).toContain(/^ {14}expression: (\w+)$/m.exec(text)![1]);
      const sources = [...text.matchAll(/datasourceUid: (\S+)/g)].map((match) => match[1]!);
      expect(sources).toEqual([source, '__expr__']);
    }
  });

  test('are the same as Prometheus rules', () => {
    const exprs = [...files.get('prometheus-rules.yaml')!.matchAll(/expr: '(.*)'/g)].map(
      (match) => match[1],
    );
    expect(exprs).toEqual(
      rules.map(({ expr, above }) => `${expr.includes(' or ') ? `(${expr})` : expr} > ${above}`),
    );
  });
});
