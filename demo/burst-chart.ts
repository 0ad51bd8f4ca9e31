import callRates from '../analytics/usage/call-rates.ts';
import { defaultConfig } from '../core/config.ts';
import { epochSeconds } from '../core/time.ts';
import { burstDrawing, type BinCalls } from '../charts/burst.ts';
import { filePalette } from '../reports/chart-drawing.ts';
import { chartSvg } from '../reports/chart-svg.ts';
import type { Engine } from '../store/engine.ts';
import type { SituationTruths } from './situations/index.ts';

/** The chart of docs/capacity.md: the first planted burst, as `call-rates` answers it. */
export async function demoBurstChart(
  engine: Engine,
  truth: SituationTruths['one_second_bursts'],
): Promise<string> {
  const burst = epochSeconds(truth.bursts_at[0]!);
  const hour_from = burst - (burst % 3_600);
  const minute_from = burst - (burst % 60);
  const bins = async (bin: string, from: number, width_seconds: number): Promise<BinCalls[]> => {
    const { rows } = await callRates.execute(
      {
        bin,
        from: new Date(from * 1000),
        to: new Date((from + width_seconds) * 1000),
        account: truth.account_id,
        region: truth.region,
      },
      { engine, config: defaultConfig },
    );
    return rows.map((row) => ({
      bin_from: epochSeconds(String(row['bin_from'])),
      calls: Number(row['calls']),
    }));
  };
  const drawing = burstDrawing({
    title: `The same burst twice: account ${truth.account_id}, ${truth.region}`,
    hour_from,
    minutes: await bins('minute', hour_from, 3_600),
    minute_from,
    seconds: await bins('second', minute_from, 60),
    limit_per_second: truth.quota_calls_per_second,
  });
  return `${chartSvg(drawing, filePalette, 860).replace('fill="none"', 'fill="#ffffff"')}\n`;
}
