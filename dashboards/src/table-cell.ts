import type { FieldSchema, Row } from './api-client.ts';
import { h } from './dom.ts';
import { showEvent } from './drawer.ts';
import { instantText, nameOf, valueText } from './format.ts';
import { filterLink, filterOf, secondLink } from './links.ts';

const ids_shown = 3;

/** A value as a table shows it: links that narrow the page, buttons that open events, text for the rest. */
export function cellContent(name: string, row: Row, field: FieldSchema): Node {
  const value = row[name];
  if (name === 'severity') {
    return h('span', { class: `severity ${String(value).replace(/[^a-z]/g, '')}` }, String(value));
  }
  if (name === 'evidence_event_ids' && Array.isArray(value)) return eventButtons(value.map(String));
  if (typeof value === 'string' && value !== '') {
    const filter = filterOf(name);
    if (filter) return filterLink(filter, value);
    if (field.unit === 'instant') return secondLink(value, instantText(value));
    if (name === 'event_id') return eventButtons([value]);
    if (name === 'object_id' && typeof row['record_index'] === 'number') {
      const open = () =>
        void showEvent({ object_id: value, record_index: Number(row['record_index']) });
      return h('button', { type: 'button', class: 'link', onclick: open }, 'raw');
    }
    if (value.startsWith('arn:')) return h('span', { title: value }, nameOf(value));
  }
  return document.createTextNode(valueText(value, field.unit));
}

function eventButtons(ids: readonly string[]): HTMLElement {
  const rest = ids.length - ids_shown;
  return h(
    'span',
    { class: 'events' },
    ...ids.slice(0, ids_shown).map((event_id) =>
      h(
        'button',
        {
          type: 'button',
          class: 'link',
          title: `Open event ${event_id}`,
          onclick: () => void showEvent({ event_id }),
        },
        event_id.slice(0, 8),
      ),
    ),
    rest > 0 && h('span', { class: 'muted' }, `and ${rest} more`),
  );
}
