import type { Row } from '../api-client.ts';
import { showEvent } from '../drawer.ts';
import { h } from '../dom.ts';

export const detectionColumns = [
  'severity',
  'verdict',
  'rule',
  'finding',
  'first_at',
  'principal_arn',
  'key',
  'account_id',
  'region',
  'events',
  'evidence_event_ids',
  'last_at',
  'technique',
];

const evidence_shown = 3;

/** Severity as a word with a colour; evidence as buttons that open the events. */
export function detectionCell(column: string, row: Row): Node | undefined {
  const value = row[column];
  if (column === 'severity') {
    return h('span', { class: `severity ${String(value).replace(/[^a-z]/g, '')}` }, String(value));
  }
  if (column === 'evidence_event_ids' && Array.isArray(value)) {
    const ids = value.map(String);
    const rest = ids.length - evidence_shown;
    return h(
      'span',
      {},
      ...ids
        .slice(0, evidence_shown)
        .flatMap((id) => [
          h(
            'button',
            { type: 'button', class: 'link', onclick: () => void showEvent(id) },
            id.slice(0, 8),
          ),
          ' ',
        ]),
      rest > 0 && h('span', { class: 'muted' }, `and ${rest} more`),
    );
  }
  return undefined;
}
