import { heatDrawing } from '../../../charts/heat.ts';
import type { Answer } from '../api-client.ts';
import { chart } from '../charts/chart.ts';
import { counted, instantText, nameOf, numberText } from '../format.ts';
import { go } from '../state.ts';

const principals_max = 25;
const keys_max = 14;

/** The busiest principals and keys as a map of counts; the numbers in it are the calls themselves. */
export function accessMap(answer: Answer): HTMLElement | undefined {
  const uses = answer.rows.map((row) => ({
    principal: String(row['principal_arn'] ?? '(unknown)'),
    key: String(row['key'] ?? '(no key)'),
    calls: Number(row['calls']),
    denied: Number(row['denied_calls']),
    first: String(row['first_at']),
  }));
  const busiest = (name: 'principal' | 'key', most: number) => {
    const sums = new Map<string, number>();
    for (const use of uses) sums.set(use[name], (sums.get(use[name]) ?? 0) + use.calls);
    const top = [...sums].sort((a, b) => b[1] - a[1]).slice(0, most);
    return new Set(top.map(([value]) => value));
  };
  const principals = busiest('principal', principals_max);
  const keys = busiest('key', keys_max);
  const shown = uses.filter((use) => principals.has(use.principal) && keys.has(use.key));
  const cells = shown.map((use) => ({
    x: nameOf(use.key),
    y: nameOf(use.principal),
    value: use.calls,
    text: `${use.principal}\n${use.key}\n${numberText(use.calls)} calls, ${numberText(use.denied)} denied\nfirst ${instantText(use.first)}`,
  }));
  const drawing = heatDrawing(cells, {
    label: `Calls of ${counted(principals.size, 'principal')} with ${counted(keys.size, 'key')}, the busiest`,
    unit: 'calls',
    scale: 'count',
  });
  return (
    drawing &&
    chart(drawing, {
      onclick: ({ dataIndex }) => {
        const use = shown[dataIndex];
        if (use) go({ filters: { principal: use.principal, key: use.key } });
      },
    })
  );
}
