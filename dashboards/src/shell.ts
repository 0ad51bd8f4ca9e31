import { append, h, replace } from './dom.ts';
import { link } from './links.ts';
import { shortName } from './format.ts';
import { addressOf, filterNames, go, state } from './state.ts';
import { extent } from './extent.ts';

export const pages = [
  { path: '/', title: 'Overview' },
  { path: '/capacity', title: 'Capacity' },
  { path: '/cost', title: 'Cost' },
  { path: '/security', title: 'Security' },
  { path: '/coverage', title: 'Coverage' },
  { path: '/explore', title: 'Explore' },
] as const;

const nav = h('nav', { 'aria-label': 'Pages' });
const range = h('form', { class: 'range', 'aria-label': 'Time range', onsubmit: applyRange });
const chips = h('div', { class: 'chips', 'aria-label': 'Filters' });
const live = h('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
export const main = h('main', { id: 'main', tabindex: '-1' });

/** The frame around every page: navigation, time range, filters. */
export function mountShell(app: HTMLElement): void {
  const brand = h('a', { href: '/', class: 'brand', 'data-nav': true }, 'keymeter');
  const skip = h('a', { href: '#main', class: 'skip' }, 'Skip to the numbers');
  const header = h('header', { class: 'top' }, brand, nav, range);
  append(app, [skip, header, chips, live, main]);
}

export function renderShell(): void {
  const { path, filters } = state();
  replace(
    nav,
    ...pages.map((page) =>
      h(
        'a',
        {
          href: addressOf({ path: page.path }),
          'data-nav': true,
          'aria-current': page.path === path ? 'page' : undefined,
        },
        page.title,
      ),
    ),
  );
  renderRange();
  const set = filterNames.filter((name) => filters[name] !== undefined);
  replace(
    chips,
    ...set.map((name) =>
      h(
        'button',
        {
          type: 'button',
          class: 'chip',
          title: `${filters[name]}: click to remove`,
          'aria-label': `Remove the filter ${name} ${filters[name]}`,
          onclick: () => go({ filters: { [name]: undefined } }),
        },
        h('b', {}, name),
        ` ${shortName(filters[name]!)} ×`,
      ),
    ),
    set.length > 1 &&
      link({ filters: Object.fromEntries(set.map((name) => [name, undefined])) }, 'Clear filters'),
  );
  chips.hidden = set.length === 0;
}

export function announce(text: string): void {
  live.textContent = text;
}

const day_ms = 86_400_000;

function renderRange(): void {
  const { from, to, zone } = state();
  const field = (name: string, label: string, value: string, hint: string) =>
    h(
      'label',
      {},
      label,
      h('input', {
        name,
        value,
        placeholder: hint,
        size: '17',
        autocomplete: 'off',
        spellcheck: 'false',
      }),
    );
  const presets = h(
    'select',
    {
      'aria-label': 'Preset range',
      onchange: (event) => preset((event.target as HTMLSelectElement).value),
    },
    h('option', { value: '' }, 'Range…'),
    h('option', { value: 'all' }, 'All data'),
    h('option', { value: '1' }, 'Last day of the data'),
    h('option', { value: '7' }, 'Last 7 days of the data'),
    h('option', { value: '30' }, 'Last 30 days of the data'),
  );
  const out = h(
    'button',
    { type: 'button', title: 'Twice as wide', 'aria-label': 'Zoom out', onclick: zoomOut },
    '−',
  );
  const other = zone === 'utc' ? 'local' : 'utc';
  replace(
    range,
    presets,
    field('from', 'From', from, 'start of data'),
    field('to', 'To', to, 'end of data'),
    h('button', { type: 'submit' }, 'Apply'),
    out,
    h(
      'button',
      {
        type: 'button',
        class: 'quiet',
        'aria-label': `Times are ${zone === 'utc' ? 'UTC' : 'local'}; show ${other === 'utc' ? 'UTC' : 'local'}`,
        onclick: () => go({ zone: other }, 'replace'),
      },
      zone === 'utc' ? 'UTC' : 'Local',
    ),
  );
}

function applyRange(event: Event): void {
  event.preventDefault();
  const data = new FormData(range);
  go({ from: String(data.get('from') ?? '').trim(), to: String(data.get('to') ?? '').trim() });
}

function preset(value: string): void {
  if (value === '') return;
  const { to_ms } = extent();
  if (value === 'all' || to_ms === undefined) return go({ from: '', to: '' });
  go({ from: new Date(to_ms - Number(value) * day_ms).toISOString(), to: '' });
}

function zoomOut(): void {
  const { from_ms, to_ms } = extent();
  if (from_ms === undefined || to_ms === undefined) return;
  const { from, to } = state();
  const start = from ? Date.parse(from) : from_ms;
  const end = to ? Date.parse(to) : to_ms;
  if (Number.isNaN(start) || Number.isNaN(end)) return go({ from: '', to: '' });
  const half = Math.max(1_000, (end - start) / 2);
  const wider = { from: Math.max(from_ms, start - half), to: Math.min(to_ms, end + half) };
  go({
    from: wider.from <= from_ms ? '' : new Date(wider.from).toISOString(),
    to: wider.to >= to_ms ? '' : new Date(wider.to).toISOString(),
  });
}
