import { h } from './dom.ts';
import { nameOf } from './format.ts';
import { addressOf, go, state, visit, type Change, type FilterName } from './state.ts';

/** Columns whose values narrow the page when they are clicked. */
const filterColumns: Readonly<Record<string, FilterName>> = {
  account: 'account',
  account_id: 'account',
  caller_account_id: 'account',
  region: 'region',
  key: 'key',
  key_arn: 'key',
  principal: 'principal',
  principal_arn: 'principal',
  service: 'service',
  via_service: 'service',
  operation: 'operation',
  bucket: 'bucket',
  s3_bucket: 'bucket',
};

export const filterOf = (column: string): FilterName | undefined => filterColumns[column];

/** A link inside the app: a real address, so that it can be copied and opened in a tab. */
export function link(change: Change, label: string, attributes: Record<string, unknown> = {}) {
  return h('a', { href: addressOf(change), 'data-nav': true, ...attributes }, label);
}

/** The value as a link that filters by it; text when it is no value to filter by, such as `(all)`. */
export function filterLink(filter: FilterName, value: string): Node {
  if (value === '' || value.startsWith('(')) return document.createTextNode(value);
  const change = { filters: { [filter]: value }, selection: { at: undefined } };
  return link(change, nameOf(value), { title: `Only ${filter} ${value}` });
}

/** An instant as a link to the seconds around it on the Capacity page. */
export function secondLink(iso: string, label: string): Node {
  const at = Date.parse(iso);
  const span_ms = 30_000;
  const change: Change = {
    path: '/capacity',
    from: new Date(at - span_ms).toISOString(),
    to: new Date(at + span_ms).toISOString(),
    selection: { at: new Date(at).toISOString() },
  };
  return link(change, label, { title: 'The seconds around it' });
}

/** Left clicks on the app's links change the state without a page load. */
export function followLinks(root: HTMLElement): void {
  root.addEventListener('click', (event) => {
    const anchor = (event.target as Element).closest('a[data-nav]');
    if (!(anchor instanceof HTMLAnchorElement)) return;
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    visit(anchor.getAttribute('href') ?? '/');
  });
}

export function narrow(filter: FilterName, value: string): void {
  if (value.startsWith('(')) return;
  if (state().filters[filter] !== value) go({ filters: { [filter]: value } });
}
