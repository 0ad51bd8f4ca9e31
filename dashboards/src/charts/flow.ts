import { numberText, shortName } from '../format.ts';
import { narrow } from '../links.ts';
import { chart, plain, theme, tooltip } from './chart.ts';

const flows_max = 30;

/** Who uses which key, as flows from principals to keys; a click narrows the page. */
export function principalKeyFlow(
  uses: readonly { principal: string; key: string; calls: number }[],
): HTMLElement | undefined {
  const top = [...uses].sort((a, b) => b.calls - a.calls).slice(0, flows_max);
  if (top.length === 0) return undefined;
  const colours = theme();
  // A prefix keeps a principal and a key of the same text two nodes.
  const nodes = [
    ...new Set(top.map((use) => `p ${use.principal}`)),
    ...new Set(top.map((use) => `k ${use.key}`)),
  ];
  const text = (node: string) => plain(shortName(node.slice(2)));
  const ends = (side: string) => nodes.filter((node) => node.startsWith(side)).length;
  const first = top[0]!;
  return chart({
    height: 60 + 22 * Math.max(ends('p '), ends('k ')),
    label: `Flows from principals to keys; the largest is ${shortName(first.principal)} to ${shortName(first.key)} with ${numberText(first.calls)} calls`,
    option: {
      tooltip: tooltip((parameters) => {
        const item = parameters as {
          dataType: string;
          name: string;
          data: { source?: string; target?: string; value?: number };
        };
        if (item.dataType === 'edge') {
          const { source = '', target = '', value = 0 } = item.data;
          return plain(`${source.slice(2)}\n→ ${target.slice(2)}\n${numberText(value)} calls`);
        }
        return plain(item.name.slice(2));
      }),
      series: [
        {
          type: 'sankey',
          left: 8,
          right: 220,
          top: 8,
          bottom: 8,
          nodeGap: 6,
          draggable: false,
          emphasis: { focus: 'adjacency' },
          label: {
            color: colours.text,
            width: 210,
            overflow: 'truncate',
            formatter: ({ name }: { name: string }) => text(name),
          },
          lineStyle: { color: 'source', opacity: 0.35 },
          data: nodes.map((name) => ({ name })),
          links: top.map((use) => ({
            source: `p ${use.principal}`,
            target: `k ${use.key}`,
            value: use.calls,
          })),
        },
      ],
    },
    onclick: (target) => {
      if (target.name.startsWith('p ')) narrow('principal', target.name.slice(2));
      if (target.name.startsWith('k ')) narrow('key', target.name.slice(2));
    },
  });
}
