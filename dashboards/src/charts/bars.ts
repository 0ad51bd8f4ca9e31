import type { Row } from '../api-client.ts';
import { columnTitle, numberText, shortName, shortNumber, usd } from '../format.ts';
import { filterOf, narrow } from '../links.ts';
import { axis, chart, plain, theme, tooltip } from './chart.ts';

const bars_max = 12;

/** The largest rows as bars; a click narrows the page to that value. */
export function topBars(
  rows: readonly Row[],
  category: string,
  value: string,
  unit: string,
): HTMLElement | undefined {
  const sums = new Map<string, number>();
  for (const row of rows) {
    const amount = row[value];
    if (typeof amount !== 'number') continue;
    const name = String(row[category] ?? '(unknown)');
    sums.set(name, (sums.get(name) ?? 0) + amount);
  }
  const top = [...sums].sort((a, b) => b[1] - a[1]).slice(0, bars_max);
  const largest = top[0];
  if (!largest || largest[1] <= 0) return undefined;
  top.reverse();
  const text = (amount: number) =>
    /USD/.test(unit) ? usd(amount) : `${numberText(amount)} ${unit}`;
  const filter = filterOf(category);
  const colours = theme();
  return chart({
    height: 50 + 26 * top.length,
    label: `${columnTitle(value)} by ${columnTitle(category).toLowerCase()}; largest ${shortName(largest[0])} with ${text(largest[1])}`,
    option: {
      grid: { left: 8, right: 64, top: 8, bottom: 8, containLabel: true },
      tooltip: tooltip((parameters) => {
        const { dataIndex } = parameters as { dataIndex: number };
        const [name, amount] = top[dataIndex]!;
        return plain(`${name}\n${text(amount)}`);
      }),
      xAxis: axis({ type: 'value', axisLabel: { color: colours.muted, formatter: shortNumber } }),
      yAxis: axis({
        type: 'category',
        data: top.map(([name]) => name),
        axisLabel: {
          color: colours.text,
          width: 180,
          overflow: 'truncate',
          formatter: (name: string) => plain(shortName(name)),
        },
        splitLine: { show: false },
      }),
      series: [
        {
          type: 'bar',
          barMaxWidth: 22,
          data: top.map(([, amount]) => amount),
          label: {
            show: true,
            position: 'right',
            color: colours.muted,
            formatter: ({ value: amount }: { value: number }) =>
              /USD/.test(unit) ? usd(amount) : shortNumber(amount),
          },
        },
      ],
    },
    ...(filter ? { onclick: (target) => narrow(filter, target.name) } : {}),
  });
}
