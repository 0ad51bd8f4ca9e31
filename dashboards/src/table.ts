import type { FieldSchema, Row } from './api-client.ts';
import { h } from './dom.ts';
import { columnTitle, instantText, valueText } from './format.ts';
import { filterLink, filterOf, secondLink } from './links.ts';
import { showEvent } from './drawer.ts';

export interface TableOptions {
  /** Columns in this order; all of the row when left out. */
  columns?: readonly string[];
  /** More cells, such as links of a page's own making. */
  cell?: (column: string, row: Row) => Node | undefined;
  caption: string;
}

const rows_shown = 100;
/** Text beyond this wraps; shorter text stays on its line. */
const long_text = 64;

/** A sortable table of rows; headers, units and meanings come from the row's schema. */
export function rowTable(
  rows: readonly Row[],
  fields: Readonly<Record<string, FieldSchema>>,
  options: TableOptions,
): HTMLElement {
  const columns = (options.columns ?? Object.keys(fields)).filter((name) => name in fields);
  const filled = columns.filter((name) => rows.some((row) => row[name] !== null));
  let sortedBy: { column: string; down: boolean } | undefined;
  let shown = rows_shown;
  const body = h('tbody');
  const more = h('button', { type: 'button', class: 'quiet', onclick: () => showMore() });
  const heads = filled.map((name) => head(name));
  const table = h(
    'table',
    {},
    h('caption', { class: 'unseen' }, options.caption),
    h('thead', {}, h('tr', {}, ...heads)),
    body,
  );
  fill();
  return h(
    'div',
    { class: 'table', tabindex: '0', role: 'region', 'aria-label': options.caption },
    table,
    more,
  );

  function head(name: string): HTMLTableCellElement {
    const field = fields[name]!;
    const unit = field.unit && field.unit !== 'instant' ? h('small', {}, ` ${field.unit}`) : null;
    const button = h(
      'button',
      { type: 'button', title: field.description, onclick: () => sortBy(name) },
      columnTitle(name),
      unit,
    );
    const attributes = { scope: 'col', class: isNumeric(field) ? 'number' : undefined };
    return h('th', { ...attributes, 'data-column': name }, button);
  }

  function sortBy(column: string): void {
    const down = sortedBy?.column === column ? !sortedBy.down : isNumeric(fields[column]!);
    sortedBy = { column, down };
    for (const th of heads) {
      const mine = th.dataset['column'] === column;
      if (mine) th.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      else th.removeAttribute('aria-sort');
    }
    fill();
  }

  function showMore(): void {
    shown += 1_000;
    fill();
  }

  function fill(): void {
    const sorted = sortedBy ? [...rows].sort(compare(sortedBy.column, sortedBy.down)) : rows;
    body.replaceChildren(...sorted.slice(0, shown).map(line));
    more.hidden = rows.length <= shown;
    more.textContent = `Show more of ${rows.length.toLocaleString('en-US')} rows`;
  }

  function line(row: Row): HTMLElement {
    return h('tr', {}, ...filled.map((name) => cell(name, row)));
  }

  function cell(name: string, row: Row): HTMLElement {
    const field = fields[name]!;
    const value = row[name];
    const numeric = isNumeric(field) ? 'number' : undefined;
    const own = options.cell?.(name, row);
    const content = own ?? cellContent(name, value, field, row);
    const long = !numeric && (content.textContent ?? '').length > long_text;
    return h('td', { class: numeric ?? (long ? 'long' : undefined), 'data-column': name }, content);
  }
}

function cellContent(name: string, value: unknown, field: FieldSchema, row: Row): Node {
  if (typeof value === 'string' && value !== '') {
    const filter = filterOf(name);
    if (filter) return filterLink(filter, value);
    if (field.unit === 'instant') return secondLink(value, instantText(value));
    if (name === 'event_id') {
      const open = () => void showEvent(value);
      return h('button', { type: 'button', class: 'link', onclick: open }, value.slice(0, 8));
    }
    if (name === 'object_id' && typeof row['record_index'] === 'number') {
      const open = () => void showEvent(undefined, value, Number(row['record_index']));
      return h('button', { type: 'button', class: 'link', onclick: open }, 'raw');
    }
  }
  if (Array.isArray(value))
    return document.createTextNode(value.map((v) => valueText(v)).join(', '));
  return document.createTextNode(valueText(value, field.unit));
}

export function isNumeric(field: FieldSchema): boolean {
  const types = [field, ...(field.anyOf ?? [])].flatMap((one) => one.type ?? []);
  return types.some((type) => type === 'number' || type === 'integer');
}

/** Unknown values stay at the end, whichever way the rest is sorted. */
function compare(column: string, down: boolean) {
  return (a: Row, b: Row): number => {
    const [x, y] = [a[column], b[column]];
    if (x === y) return 0;
    if (x === null || x === undefined) return 1;
    if (y === null || y === undefined) return -1;
    const order =
      typeof x === 'number' && typeof y === 'number' ? x - y : String(x) < String(y) ? -1 : 1;
    return down ? -order : order;
  };
}
