import { allAnalyses, type Answer } from '../api-client.ts';
import { principalKeyFlow } from '../charts/flow.ts';
import { heatmap } from '../charts/heatmap.ts';
import { timelineChart } from '../charts/timeline.ts';
import { h } from '../dom.ts';
import { instantText, numberText, shortName } from '../format.ts';
import { analysisPanel } from '../panel.ts';
import { go, state } from '../state.ts';
import { detectionCell, detectionColumns } from './detections.ts';
import { otherPanels, questionList } from './others.ts';
import { grid } from './overview.ts';

const placed = ['detections', 'access-matrix', 'key-timeline', 'principal-timeline'];

/** Who used which key for what, and what looks wrong. */
export function securityPage(): Node[] {
  const { filters, selection } = state();
  return [
    grid(
      analysisPanel('detections', {
        title: 'Detections',
        wide: true,
        columns: detectionColumns,
        cell: detectionCell,
        empty: 'No detection fires in this range.',
      }),
      rulesPanel(),
      timeline('key-timeline', 'Timeline of the key', filters.key !== undefined),
      timeline('principal-timeline', 'Timeline of the principal', filters.principal !== undefined),
      analysisPanel('access-matrix', {
        title: 'Who uses which key',
        wide: true,
        draw: accessDrawing,
      }),
      sourceForm(),
      ...(otherPanels(['investigation'], placed).filter(
        (panel) =>
          selection['source'] !== undefined ||
          (panel as HTMLElement).dataset['state'] !== 'waiting',
      ) as HTMLElement[]),
    ),
  ];
}

/** Each rule by itself, with its own parameters. */
function rulesPanel(): HTMLElement | null {
  const rules = allAnalyses().filter(
    (info) => info.topic === 'detections' && info.name !== 'detections',
  );
  if (rules.length === 0) return null;
  return h(
    'details',
    { class: 'panel wide slim' },
    h('summary', {}, `The ${rules.length} rules by themselves`),
    questionList(rules),
  );
}

function timeline(name: string, title: string, chosen: boolean): HTMLElement | null {
  if (!chosen) return null;
  return analysisPanel(name, { title, wide: true, draw: (answer) => timelineChart(answer.rows) });
}

const side_max = 30;

/** The matrix of the busiest principals and keys, and the same as flows. */
function accessDrawing(answer: Answer): HTMLElement | undefined {
  const uses = answer.rows.map((row) => ({
    principal: String(row['principal_arn'] ?? '(unknown)'),
    key: String(row['key'] ?? '(no key)'),
    calls: Number(row['calls']),
    denied: Number(row['denied_calls']),
    first: String(row['first_at']),
  }));
  const keep = (name: 'principal' | 'key') => {
    const sums = new Map<string, number>();
    for (const use of uses) sums.set(use[name], (sums.get(use[name]) ?? 0) + use.calls);
    const top = [...sums].sort((a, b) => b[1] - a[1]).slice(0, side_max);
    return new Set(top.map(([value]) => value));
  };
  const principals = keep('principal');
  const keys = keep('key');
  const cells = uses
    .filter((use) => principals.has(use.principal) && keys.has(use.key))
    .map((use) => ({
      x: use.key,
      y: use.principal,
      // Orders of magnitude: one call must be seen beside a million.
      value: Math.log10(use.calls + 1),
      text: `${use.principal}\n${use.key}\n${numberText(use.calls)} calls, ${numberText(use.denied)} denied\nfirst ${instantText(use.first)}`,
    }));
  const matrix = heatmap(cells, {
    label: `${principals.size} principals and ${keys.size} keys`,
    unit: '(log10 of calls)',
    onclick: (cell) => go({ filters: { principal: cell.y, key: cell.x } }),
  });
  const flow = principalKeyFlow(uses);
  if (!matrix || !flow) return undefined;
  return h('div', {}, matrix, h('h3', {}, 'The same as flows'), flow);
}

/** An address, session or access key to follow: none of these is a filter of other pages. */
function sourceForm(): HTMLElement {
  const { selection } = state();
  const field = (name: string, label: string) =>
    h('label', {}, label, h('input', { name, value: selection[name] ?? '', autocomplete: 'off' }));
  const form = h(
    'form',
    {
      class: 'params',
      onsubmit: (event) => {
        event.preventDefault();
        const values = Object.fromEntries(
          [...new FormData(form)].map(([name, value]) => [name, String(value)]),
        );
        go({ selection: values });
      },
    },
    field('source', 'Address'),
    field('session', 'Session'),
    field('access_key', 'Access key'),
    h('button', { type: 'submit' }, 'Follow'),
  );
  const own = Object.fromEntries(
    ['source', 'session', 'access_key'].flatMap((name) =>
      selection[name] ? [[name, selection[name]]] : [],
    ),
  );
  const followed = Object.keys(own).length > 0;
  const caption = `Follow ${
    followed
      ? Object.values(own)
          .map((value) => shortName(value))
          .join(', ')
      : 'an address, session or access key'
  }`;
  return h(
    'section',
    { class: 'panel wide', 'aria-label': 'Follow a source' },
    h('header', {}, h('h2', {}, caption)),
    form,
    followed &&
      analysisPanel('source-timeline', {
        params: own,
        draw: (answer) => timelineChart(answer.rows),
      }),
    followed && analysisPanel('blast-radius', { params: own }),
  );
}
