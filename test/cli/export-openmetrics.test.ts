import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeOpenMetrics } from '../../cli/export-openmetrics.ts';
import { exportables } from '../../store/exportable.ts';
import { openEngine } from '../../store/open-engine.ts';
import { demoDatabase, type DemoDatabase } from '../support/demo-database.ts';
import { event, withEvents } from '../support/events.ts';
import { promtool, startPrometheus } from '../support/prometheus.ts';
import { commandLine } from '../support/run-command-line.ts';

const seconds = exportables.find(({ name }) => name === 'calls_per_second')!;

test('calls of each minute, at the time at which the minute ends', async () => {
  const hostile = 'x"} 9\n# EOF\nkeymeter_kms_calls_per_minute{quota="\\';
  const events = [
    ...Array.from({ length: 3 }, () => event({ at: '2026-10-05T12:00:59Z' })),
    event({ at: '2026-10-05T12:00:00Z', outcome: 'throttled' }),
    event({ at: '2026-10-05T12:01:00Z' }),
    event({ at: '2026-10-05T12:01:00Z', caller_account_id: hostile }),
  ];
  let text = '';
  const count = await withEvents(events, (engine) =>
    writeOpenMetrics(engine, seconds, {}, async (part) => {
      text += part;
    }),
  );
  expect(count).toBe(9);
  const own = '{account="111111111111",region="eu-central-1",quota="crypto_symmetric"}';
  const odd = `{account="${String.raw`x\"} 9\n# EOF\nkeymeter_kms_calls_per_minute{quota=\"\\`}",region="eu-central-1",quota="crypto_symmetric"}`;
  const end = Date.parse('2026-10-05T12:01:00Z') / 1000;
  const family = (name: string, help: string, [first, second, third]: number[]) => [
    `# TYPE ${name} gauge`,
    `# HELP ${name} ${help}`,
    `${name}${own} ${first} ${end}`,
    `${name}${own} ${second} ${end + 60}`,
    `${name}${odd} ${third} ${end + 60}`,
  ];
  expect(text.split('\n')).toEqual([
    ...family(
      'keymeter_kms_calls_per_minute',
      'KMS calls of the minute that ends then, charged to the quota (offered load)',
      [4, 1, 1],
    ),
    ...family(
      'keymeter_kms_throttled_calls_per_minute',
      'of these throttled (a lower bound)',
      [1, 0, 0],
    ),
    ...family(
      'keymeter_kms_calls_per_second_of_minute_peak',
      'calls of the busiest second of the minute that ends then (offered load)',
      [3, 1, 1],
    ),
    '# EOF',
    '',
  ]);
});

describe('on the demo trail', () => {
  let demo: DemoDatabase;
  let folder: string;
  beforeAll(async () => {
    demo = await demoDatabase();
    folder = mkdtempSync(path.join(tmpdir(), 'keymeter-openmetrics-'));
  });
  afterAll(() => {
    demo?.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  const exported = (...words: string[]) => commandLine('export', ...words, '--db', demo.database);

  test('other relations and columns are refused', async () => {
    for (const words of [['kms_events'], ['--columns', 'second']]) {
      await expect(exported(...words, '--format', 'openmetrics')).rejects.toMatchObject({
        code: 'bad_option',
      });
    }
  });

  test.skipIf(!promtool)('promtool makes blocks of it, and Prometheus adds it up', async () => {
    const file = path.join(folder, 'kms.om');
    await exported('--format', 'openmetrics', '--out', file);
    expect(readFileSync(file, 'utf8').endsWith('\n# EOF\n')).toBe(true);
    const data = path.join(folder, 'data');
    await promisify(execFile)(
      promtool!,
      ['tsdb', 'create-blocks-from', 'openmetrics', '--max-block-duration=360h', file, data],
      { maxBuffer: 64 << 20 },
    );
    const engine = await openEngine(`duckdb:${demo.database}`);
    const prometheus = await startPrometheus({}, data);
    try {
      const [range] = await engine.rows(
        'SELECT max(to_unixtime(second)) AS end_s, max(to_unixtime(second)) - min(to_unixtime(second)) AS span_s FROM calls_per_second',
      );
      const at = Number(range!['end_s']) + 60;
      const span = Math.ceil(Number(range!['span_s'])) + 120;
      const asked = async (expr: string) => {
        const { result } = await prometheus.get(
          `query?time=${at}&query=${encodeURIComponent(expr)}`,
        );
        return (result as { metric: Record<string, string>; value: [number, string] }[]).map(
          ({ metric, value }) => [`${metric['account']} ${metric['quota']}`, Number(value[1])],
        );
      };
      const wanted = async (value: string) =>
        (
          await engine.rows(`
            SELECT caller_account_id || ' ' || quota_id AS scope, ${value} AS n
            FROM calls_per_second GROUP BY 1`)
        ).map(({ scope, n }) => [scope, n]);
      const sum = 'sum by (account, quota) (sum_over_time';
      expect((await asked(`${sum}(keymeter_kms_calls_per_minute[${span}s]))`)).sort()).toEqual(
        (await wanted('CAST(sum(offered) AS BIGINT)')).sort(),
      );
      const peak = 'max by (account, quota) (max_over_time';
      const peaks = `${peak}(keymeter_kms_calls_per_second_of_minute_peak[${span}s]))`;
      expect((await asked(peaks)).sort()).toEqual((await wanted('max(offered)')).sort());
    } finally {
      await prometheus.stop();
      engine.close();
    }
  });
});
