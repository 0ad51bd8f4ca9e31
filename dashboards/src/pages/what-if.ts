import { analysisInfo, type FieldSchema } from '../api-client.ts';
import { h, replace } from '../dom.ts';
import { columnTitle } from '../format.ts';
import { analysisPanel } from '../panel.ts';
import { filterNames, remember, state } from '../state.ts';

const settle_ms = 150;

/**
 * A panel whose parameters are sliders: each move asks again and redraws only the answer, so that the
 * slider keeps the focus and the page its place.
 */
export function whatIfPanel(): HTMLElement | null {
  const info = analysisInfo('quota-what-if');
  if (!info) return null;
  const place = h('div');
  const own: Record<string, string> = {};
  const fields = Object.entries(info.params.properties ?? {}).filter(
    ([name]) => !['from', 'to', 'limit', 'include_aws_service', ...filterNames].includes(name),
  );
  for (const [name] of fields) {
    const chosen = state().selection[name];
    if (chosen !== undefined) own[name] = chosen;
  }
  const ask = () => replace(place, analysisPanel('quota-what-if', { params: own, wide: true }));
  let timer: ReturnType<typeof setTimeout> | undefined;
  const change = (name: string, value: string) => {
    own[name] = value;
    remember({ [name]: value });
    clearTimeout(timer);
    timer = setTimeout(ask, settle_ms);
  };
  const form = h(
    'form',
    {
      class: 'params sliders',
      'aria-label': 'What if',
      onsubmit: (event) => event.preventDefault(),
    },
    ...fields.map(([name, field]) =>
      control(name, field, own[name], (value) => change(name, value)),
    ),
  );
  ask();
  return h(
    'section',
    { class: 'panel wide', 'aria-label': 'What if', 'data-panel': 'what-if' },
    h('header', {}, h('h2', {}, 'What if'), h('span', { class: 'muted' }, info.question)),
    form,
    place,
  );
}

function control(
  name: string,
  field: FieldSchema,
  value: string | undefined,
  change: (value: string) => void,
): HTMLElement {
  const now = value ?? (field.default === undefined ? '' : String(field.default));
  const title = field.description;
  if (field.enum) {
    const options = field.enum.map((one) =>
      h('option', { value: one, selected: one === now }, one),
    );
    const select = h('select', { name, title, onchange: () => change(select.value) }, ...options);
    return h('label', {}, columnTitle(name), select);
  }
  const numeric = field.type === 'number' || field.type === 'integer';
  if (!numeric) {
    const input = h('input', { name, title, value: now, onchange: () => change(input.value) });
    return h('label', {}, columnTitle(name), input);
  }
  const { minimum = 0, maximum = Math.max(100, Number(now) * 4) } = field;
  const step = field.type === 'integer' ? 1 : 'any';
  const number = h('output', {}, now);
  const slider = h('input', {
    type: 'range',
    name,
    title,
    min: minimum,
    max: maximum,
    step,
    value: now === '' ? minimum : now,
    oninput: () => {
      number.textContent = slider.value;
      change(slider.value);
    },
  });
  return h('label', {}, columnTitle(name), slider, number);
}
