import { append, h, replace } from './dom.ts';
import { nameOf } from './format.ts';
import { link } from './links.ts';
import { rangePicker, renderRange } from './range-picker.ts';
import { reportMenu } from './report-menu.ts';
import { addressOf, filterNames, go, state } from './state.ts';

export const pages = [
  { path: '/', title: 'Overview' },
  { path: '/cost', title: 'Cost' },
  { path: '/capacity', title: 'Capacity' },
  { path: '/security', title: 'Security' },
  { path: '/coverage', title: 'Coverage' },
  { path: '/explore', title: 'Explore' },
] as const;

const nav = h('nav', { 'aria-label': 'Pages' });
const chips = h('div', { class: 'chips', role: 'group', 'aria-label': 'Filters' });
const live = h('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
const tools = h('div', { class: 'tools' });
export const main = h('main', { id: 'main', tabindex: '-1' });

/** The frame around every page: navigation, time range, reports, filters. */
export function mountShell(app: HTMLElement): void {
  const brand = h('a', { href: '/', class: 'brand', 'data-nav': true }, 'keymeter');
  const skip = h('a', { href: '#main', class: 'skip' }, 'Skip to the numbers');
  const header = h('header', { class: 'top' }, brand, nav, rangePicker(), tools);
  append(app, [skip, header, chips, live, main]);
  // Menus close when the reader goes on elsewhere.
  app.addEventListener('click', (event) => {
    for (const menu of app.querySelectorAll<HTMLDetailsElement>('details.menu[open]')) {
      if (!menu.contains(event.target as Node)) menu.open = false;
    }
  });
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
  replace(tools, reportMenu());
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
        ` ${nameOf(filters[name]!)} ×`,
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
