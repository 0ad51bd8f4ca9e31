import type { FieldSchema, Row } from './api-client.ts';
import { h, replace } from './dom.ts';

const body = h('div', { class: 'drawer-body' });
const dialog = h(
  'dialog',
  { class: 'drawer', 'aria-label': 'Row' },
  h('button', { type: 'button', class: 'close', onclick: () => dialog.close() }, 'Close'),
  body,
);

/** All columns of one row with their meaning, nothing cut. */
export function showRow(
  row: Row,
  fields: Readonly<Record<string, FieldSchema>>,
  title: string,
  content: (column: string) => Node,
): void {
  if (!dialog.isConnected) document.body.append(dialog);
  const known = Object.keys(fields).filter((name) => row[name] !== null && row[name] !== undefined);
  const unknown = Object.keys(fields).filter((name) => !known.includes(name));
  replace(
    body,
    h('h2', {}, title),
    h(
      'dl',
      {},
      ...known.flatMap((name) => [
        h('dt', { title: fields[name]!.description }, fields[name]!.title ?? name),
        h('dd', { 'data-column': name }, content(name)),
      ]),
    ),
    unknown.length > 0 &&
      h(
        'p',
        { class: 'muted' },
        `Not known or not applicable: ${unknown.map((name) => fields[name]!.title ?? name).join(', ')}.`,
      ),
  );
  if (!dialog.open) dialog.showModal();
}

export const closeRow = (): void => dialog.close();
