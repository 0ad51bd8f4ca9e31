import { append, h, replace } from './dom.ts';
import { chosenRange, extent, rangeFault } from './extent.ts';
import { instantText } from './format.ts';
import { go, state } from './state.ts';

const day_ms = 86_400_000;

const element = h('div', { class: 'range' });

/** The time range of all pages: presets that stay marked, two fields, the data's own extent. */
export function rangePicker(): HTMLElement {
  return element;
}

interface Preset {
  label: string;
  from: string;
  to: string;
}

/** Ranges that end with the data, in whole days of the chosen zone where they can. */
function presets(): Preset[] {
  const { to_ms } = extent();
  const all = { label: 'All data', from: '', to: '' };
  if (to_ms === undefined) return [all];
  const end = endOfDay(to_ms);
  const last = (days: number): Preset => ({
    label: days === 1 ? 'Last day of the data' : `Last ${days} days of the data`,
    from: new Date(end - days * day_ms).toISOString(),
    to: '',
  });
  return [all, last(1), last(7), last(30), last(90)];
}

function endOfDay(ms: number): number {
  if (state().zone === 'utc') return Math.ceil(ms / day_ms) * day_ms;
  const midnight = new Date(ms - 1);
  midnight.setHours(24, 0, 0, 0);
  return midnight.getTime();
}

export function renderRange(): void {
  const { from, to, zone } = state();
  const fault = rangeFault();
  const open = element.querySelector('details')?.open === true || fault !== undefined;
  const chosen = presets().find((preset) => preset.from === from && preset.to === to);
  const { from_ms, to_ms } = chosenRange();
  const span = `${instantText(new Date(from_ms).toISOString())} – ${instantText(new Date(to_ms).toISOString())}`;
  const picker = h(
    'details',
    { class: 'menu', open },
    h(
      'summary',
      { 'aria-label': `Time range: ${chosen?.label ?? 'chosen'}, ${span}` },
      h('b', {}, chosen?.label ?? 'Chosen range'),
      extent().events > 0 && !fault ? h('span', { class: 'muted span' }, ` ${span}`) : null,
    ),
    h('div', { class: 'menu-body' }, ...body(chosen, fault)),
  );
  picker.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    picker.open = false;
    picker.querySelector('summary')?.focus();
  });
  const other = zone === 'utc' ? 'local' : 'utc';
  replace(
    element,
    picker,
    h(
      'button',
      {
        type: 'button',
        class: 'quiet',
        title: 'Twice as wide',
        'aria-label': 'Zoom out',
        onclick: zoomOut,
      },
      '−',
    ),
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

function body(chosen: Preset | undefined, fault: ReturnType<typeof rangeFault>): Node[] {
  const { from, to, zone } = state();
  const { from_ms, to_ms } = extent();
  const zoneName = zone === 'utc' ? 'UTC' : 'your local time';
  const buttons = presets().map((preset) =>
    h(
      'button',
      {
        type: 'button',
        'aria-pressed': preset.label === chosen?.label ? 'true' : 'false',
        onclick: () => {
          close();
          go({ from: preset.from, to: preset.to });
        },
      },
      preset.label,
    ),
  );
  const field = (name: 'from' | 'to', label: string, value: string) => {
    const mine = fault?.field === name;
    const id = `range-${name}-fault`;
    const input = h('input', {
      name,
      type: 'datetime-local',
      step: '1',
      value: fieldText(value),
      'aria-invalid': mine ? 'true' : undefined,
      'aria-describedby': mine ? id : undefined,
    });
    return h(
      'div',
      { class: 'field' },
      h('label', {}, label, input),
      mine && h('p', { class: 'fault', id, role: 'alert' }, fault.message),
    );
  };
  const form = h(
    'form',
    { onsubmit: apply, 'aria-label': 'Time range' },
    field('from', `From (${zoneName})`, from),
    field('to', 'Up to, not including', to),
    h('button', { type: 'submit', class: 'primary' }, 'Apply'),
  );
  const known =
    from_ms === undefined || to_ms === undefined
      ? 'There is no data yet.'
      : `The data runs from ${instantText(new Date(from_ms).toISOString())} to ${instantText(new Date(to_ms).toISOString())} ${zoneName === 'UTC' ? 'UTC' : '(local)'}. An empty field means its end.`;
  const list = h('div', { class: 'presets', role: 'group', 'aria-label': 'Presets' });
  append(list, buttons);
  return [list, form, h('p', { class: 'muted' }, known)];
}

const close = () => {
  const details = element.querySelector('details');
  if (details) details.open = false;
};

/** An instant of the address as a field takes it, in the chosen zone. */
function fieldText(text: string): string {
  const at = new Date(text);
  if (text === '' || Number.isNaN(at.getTime())) return '';
  return instantText(at.toISOString()).replace(' ', 'T');
}

function apply(event: Event): void {
  event.preventDefault();
  const data = new FormData(event.target as HTMLFormElement);
  const instant = (name: string) => {
    const text = String(data.get(name) ?? '');
    if (text === '') return '';
    const at = new Date(state().zone === 'utc' ? `${text}Z` : text);
    return Number.isNaN(at.getTime()) ? text : at.toISOString();
  };
  close();
  go({ from: instant('from'), to: instant('to') });
}

function zoomOut(): void {
  const { from_ms, to_ms } = extent();
  if (from_ms === undefined || to_ms === undefined) return;
  const chosen = chosenRange();
  const half = Math.max(1_000, (chosen.to_ms - chosen.from_ms) / 2);
  const wider = {
    from: Math.max(from_ms, chosen.from_ms - half),
    to: Math.min(to_ms, chosen.to_ms + half),
  };
  go({
    from: wider.from <= from_ms ? '' : new Date(wider.from).toISOString(),
    to: wider.to >= to_ms ? '' : new Date(wider.to).toISOString(),
  });
}
