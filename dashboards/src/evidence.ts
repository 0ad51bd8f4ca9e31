import { h } from './dom.ts';
import { remember, state } from './state.ts';

export interface Evidence {
  name: string;
  title: string;
  /** The question that it answers. */
  question: string;
  panel: () => (Node | null | undefined)[];
}

/** Parts of a page that are worked out only when the reader opens them; the address keeps what is open. */
export function evidenceList(heading: string, parts: readonly Evidence[]): HTMLElement {
  return h(
    'section',
    { class: 'evidence-list', 'aria-label': heading },
    h('h2', {}, heading),
    ...parts.map(part),
  );
}

const openNames = () => (state().selection['open'] ?? '').split(',').filter(Boolean);

function part({ name, title, question, panel }: Evidence): HTMLElement {
  const body = h('div', { class: 'evidence-body' });
  const details = h(
    'details',
    { class: 'evidence', 'data-evidence': name },
    h('summary', {}, h('b', {}, title), h('span', { class: 'muted' }, ` ${question}`)),
    body,
  );
  let filled = false;
  const fill = () => {
    if (filled) return;
    filled = true;
    for (const node of panel()) if (node) body.append(node);
  };
  if (openNames().includes(name)) {
    details.open = true;
    fill();
  }
  details.addEventListener('toggle', () => {
    if (details.open) fill();
    const others = openNames().filter((one) => one !== name);
    const open = details.open ? [...others, name] : others;
    remember({ open: open.join(',') || undefined });
  });
  return details;
}
