import { shortName, usd } from '../format.ts';
import { chart, plain, theme, tooltip } from './chart.ts';

/** Costs as areas. A click goes one level deeper. */
export function costTreemap(
  costs: readonly { name: string; usd: number }[],
  onclick: (name: string) => void,
): HTMLElement | undefined {
  const shown = costs.filter((cost) => cost.usd > 0);
  if (shown.length === 0) return undefined;
  const colours = theme();
  const total = shown.reduce((sum, cost) => sum + cost.usd, 0);
  const largest = shown.reduce((a, b) => (b.usd > a.usd ? b : a));
  return chart({
    height: 'high',
    label: `Cost of ${shown.length} parts, ${usd(total)} in all; largest ${shortName(largest.name)} with ${usd(largest.usd)}`,
    option: {
      tooltip: tooltip((parameters) => {
        const { name, value } = parameters as { name: string; value: number };
        return plain(`${name}\n${usd(value)}, ${((100 * value) / total).toFixed(1)} %`);
      }),
      series: [
        {
          type: 'treemap',
          roam: false,
          nodeClick: false,
          breadcrumb: { show: false },
          left: 0,
          right: 0,
          top: 0,
          bottom: 0,
          data: shown.map((cost) => ({ name: cost.name, value: cost.usd })),
          itemStyle: { borderColor: colours.panel, borderWidth: 2, gapWidth: 2 },
          label: {
            color: '#fff',
            lineHeight: 16,
            formatter: ({ name, value }: { name: string; value: number }) =>
              `${plain(shortName(name))}\n${usd(value)}`,
          },
        },
      ],
    },
    onclick: (target) => onclick(target.name),
  });
}
