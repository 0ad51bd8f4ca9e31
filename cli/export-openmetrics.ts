import {
  familyHead,
  openMetricsEnd,
  sampleLine,
  type OpenMetricsFamily,
} from '../formats/openmetrics.ts';
import type { Engine } from '../store/engine.ts';
import { exportSql, type ExportFilter } from '../store/export.ts';
import type { Exportable } from '../store/exportable.ts';

const labels = ['account', 'region', 'quota'];

/** A gauge for each, and how the calls of a second become it. */
const families: readonly (OpenMetricsFamily & { value: string })[] = [
  {
    name: 'keymeter_kms_calls_per_minute',
    help: 'KMS calls of the minute that ends then, charged to the quota (offered load)',
    labels,
    value: 'sum(offered)',
  },
  {
    name: 'keymeter_kms_throttled_calls_per_minute',
    help: 'of these throttled (a lower bound)',
    labels,
    value: 'sum(throttled)',
  },
  {
    name: 'keymeter_kms_calls_per_second_of_minute_peak',
    help: 'calls of the busiest second of the minute that ends then (offered load)',
    labels,
    value: 'max(offered)',
  },
];

/**
 * Writes the calls of each minute with calls as OpenMetrics, for `promtool tsdb create-blocks-from
 * openmetrics`. A sample has the time at which its minute ends, so that `sum_over_time(...[1h])` adds up
 * the minutes of that hour. Gives the number of samples.
 */
export async function writeOpenMetrics(
  engine: Engine,
  callsPerSecond: Exportable,
  filter: ExportFilter,
  put: (text: string) => Promise<void>,
): Promise<number> {
  const seconds = exportSql(callsPerSecond, filter, null);
  let count = 0;
  for (const family of families) {
    await put(familyHead(family));
    const sql = `
      SELECT caller_account_id, region, quota_id,
        CAST(to_unixtime(date_trunc('minute', second)) AS BIGINT) + 60 AS at_s,
        CAST(${family.value} AS BIGINT) AS n
      FROM (${seconds.sql}) AS seconds
      GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`;
    for await (const chunk of engine.stream(sql, seconds.params)) {
      const lines = Array.from({ length: chunk.rowCount }, (_, row) => {
        const cells = chunk.columns.map((column) => column[row]);
        return sampleLine(family, cells.slice(0, 3), Number(cells[4]), Number(cells[3]));
      });
      count += lines.length;
      await put(lines.join(''));
    }
  }
  await put(openMetricsEnd);
  return count;
}
