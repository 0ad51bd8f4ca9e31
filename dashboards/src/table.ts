import type { FieldSchema, Row } from './api-client.ts';
import { h, replace } from './dom.ts';
import { numberText } from './format.ts';
import { closeRow, showRow } from './row-drawer.ts';
import { cellContent } from './table-cell.ts';
import { isNumeric, matching, sorted, unitBeside, type Order } from './table-model.ts';

export interface TableOptions {
  /** The columns to begin with, the first one stays in sight; all when left out. */
  columns?: readonly string[];
  /** More cells, such as links of a page's own making. */
  cell?: (column: string, row: Row) => Node | undefined;
  caption: string;
}

const page_sizes = [10, 25, 100, 500] as const;
const page_rows_default = 25;
const controls_from_rows = 8;

/** Columns that a reader picked, by table; they last as long as the page is open. */
const picked = new Map<string, string[]>();

/**
 * A table of chosen columns: sorted by a click on a heading, filtered by words, in pages. The rest of a
 * row is in its drawer, or comes in by the column picker.
 */
export function rowTable(
  rows: readonly Row[],
  fields: Readonly<Record<string, FieldSchema>>,
  options: TableOptions,
): HTMLElement {
  const all = Object.keys(fields);
  const filled = new Set(
    all.filter((name) => rows.some((row) => row[name] !== null && row[name] !== undefined)),
  );
  const first = (options.columns ?? all).filter((name) => name in fields && filled.has(name));
  let shown = (picked.get(options.caption) ?? first).filter((name) => filled.has(name));
  let order: Order | undefined;
  let text = '';
  let page = 0;
  let page_rows: number = page_rows_default;

  const head = h('tr');
  const body = h('tbody');
  const count = h('span', { class: 'muted', role: 'status' });
  const back = pageButton('Previous', -1);
  const next = pageButton('Next', 1);
  const table = h(
    'table',
    {},
    h('caption', { class: 'unseen' }, options.caption),
    h('thead', {}, head),
    body,
  );
  const large = rows.length > controls_from_rows;
  fill();
  return h(
    'div',
    { class: 'table-block' },
    h(
      'div',
      { class: 'table-tools' },
      large && search(),
      filled.size > 2 && columnPicker(),
      large && sizePicker(),
    ),
    h(
      'div',
      { class: 'table', tabindex: '0', role: 'region', 'aria-label': options.caption },
      table,
    ),
    h('div', { class: 'pager' }, count, back, next),
  );

  function search(): HTMLElement {
    const input = h('input', {
      type: 'search',
      placeholder: 'Filter rows',
      'aria-label': `Filter the rows of ${options.caption}`,
      autocomplete: 'off',
      oninput: () => {
        text = input.value;
        page = 0;
        fill();
      },
    });
    return input;
  }

  function sizePicker(): HTMLElement {
    const select = h(
      'select',
      {
        onchange: () => {
          page_rows = Number(select.value);
          page = 0;
          fill();
        },
      },
      ...page_sizes.map((size) => h('option', { value: size, selected: size === page_rows }, size)),
    );
    return h('label', { class: 'muted' }, 'Rows ', select);
  }

  function columnPicker(): HTMLElement {
    const boxes = all
      .filter((name) => filled.has(name))
      .map((name) => {
        const box = h('input', {
          type: 'checkbox',
          checked: shown.includes(name),
          onchange: () => {
            shown = box.checked ? [...shown, name] : shown.filter((one) => one !== name);
            picked.set(options.caption, shown);
            fill();
          },
        });
        return h('label', { title: fields[name]!.description }, box, titleOf(name));
      });
    const hidden = filled.size - shown.length;
    return h(
      'details',
      { class: 'menu' },
      h('summary', {}, hidden > 0 ? `Columns (${hidden} more)` : 'Columns'),
      h('div', { class: 'menu-body columns' }, ...boxes),
    );
  }

  function pageButton(label: string, step: number): HTMLButtonElement {
    return h(
      'button',
      {
        type: 'button',
        class: 'quiet',
        onclick: () => {
          page += step;
          fill();
        },
      },
      label,
    );
  }

  function titleOf(name: string): string {
    return fields[name]!.title ?? name;
  }

  function heading(name: string): HTMLTableCellElement {
    const field = fields[name]!;
    const unit = unitBeside(titleOf(name), field.unit);
    const button = h(
      'button',
      { type: 'button', title: field.description, onclick: () => sortBy(name) },
      titleOf(name),
      unit && h('small', {}, ` ${unit}`),
    );
    const sort = order?.column === name ? (order.down ? 'descending' : 'ascending') : undefined;
    return h(
      'th',
      {
        scope: 'col',
        class: isNumeric(field) ? 'number' : undefined,
        'data-column': name,
        'aria-sort': sort,
      },
      button,
    );
  }

  function sortBy(column: string): void {
    const down = order?.column === column ? !order.down : isNumeric(fields[column]);
    order = { column, down };
    fill();
    head.querySelector<HTMLElement>(`th[data-column="${column}"] button`)?.focus();
  }

  function fill(): void {
    const found = sorted(matching(rows, fields, text), order);
    const pages = Math.max(1, Math.ceil(found.length / page_rows));
    page = Math.min(Math.max(0, page), pages - 1);
    const from = page * page_rows;
    const part = found.slice(from, from + page_rows);
    replace(
      head,
      ...shown.map(heading),
      h('th', { scope: 'col' }, h('span', { class: 'unseen' }, 'Details')),
    );
    body.replaceChildren(...part.map(line));
    const of = text
      ? `${numberText(found.length)} of ${numberText(rows.length)}`
      : numberText(found.length);
    replace(
      count,
      found.length === 0
        ? 'No row has these words'
        : `${numberText(from + 1)}–${numberText(from + part.length)} of ${of} rows`,
    );
    back.hidden = next.hidden = pages === 1;
    back.disabled = page === 0;
    next.disabled = page === pages - 1;
  }

  function line(row: Row, i: number): HTMLElement {
    const open = h(
      'button',
      {
        type: 'button',
        class: 'quiet details',
        title: 'All columns of this row',
        'aria-label': `All columns of row ${i + 1}`,
        onclick: () =>
          showRow(row, fields, options.caption, (name) => {
            const content = contentOf(name, row);
            content.addEventListener('click', closeRow);
            return content;
          }),
      },
      '⋯',
    );
    return h('tr', {}, ...shown.map((name) => cell(name, row)), h('td', { class: 'more' }, open));
  }

  function contentOf(name: string, row: Row): Node {
    return options.cell?.(name, row) ?? cellContent(name, row, fields[name]!);
  }

  function cell(name: string, row: Row): HTMLElement {
    const content = contentOf(name, row);
    const numeric = isNumeric(fields[name]);
    const whole = content.textContent ?? '';
    return h(
      'td',
      { class: numeric ? 'number' : undefined, 'data-column': name },
      numeric || whole.length < 30
        ? content
        : h('div', { class: 'clamp', title: whole.length > 60 ? whole : undefined }, content),
    );
  }
}
