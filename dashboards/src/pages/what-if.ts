import { analysisInfo, type FieldSchema, type Row } from '../api-client.ts';
import { h, replace } from '../dom.ts';
import { columnTitle, numberText, valueText } from '../format.ts';
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
  const ask = () =>
    replace(
      place,
      analysisPanel('quota-what-if', {
        params: own,
        wide: true,
        draw: (answer) => outcome(answer.rows),
      }),
    );
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
  // A slider needs a place to start from: what has no default is typed.
  if (!numeric || field.default === undefined) {
    const input = h('input', { name, title, value: now, onchange: () => change(input.value) });
    return h('label', {}, columnTitle(name), input);
  }
  const start = Number(field.default);
  const { minimum = 0, maximum = Number.POSITIVE_INFINITY } = field;
  // Four times the default is as far as a slider reaches with a steady hand; the question's own page
  // takes any value.
  const most = Math.max(Number(now), Math.min(maximum, Math.max(5, start * 4)));
  const step = field.type === 'integer' || most > 50 ? 1 : 0.1;
  const number = h('output', {}, now);
  const slider = h('input', {
    type: 'range',
    name,
    title,
    min: minimum,
    max: most,
    step,
    value: now === '' ? minimum : now,
    oninput: () => {
      number.textContent = slider.value;
      change(slider.value);
    },
  });
  return h('label', {}, columnTitle(name), slider, number);
}

/** What changes, in one sentence a side and two bars on one scale. */
function outcome(rows: readonly Row[]): HTMLElement | undefined {
  if (rows.length === 0) return undefined;
  return h('div', {}, ...rows.map(side));
}

function side(row: Row): HTMLElement {
  const before = Number(row['peak_before']);
  const after = Number(row['peak_after']);
  const most = Math.max(1, before, after, Number(row['limit_after'] ?? 0));
  const bar = (label: string, value: number, percent: unknown) => [
    h('span', { class: 'muted' }, label),
    h('meter', {
      min: 0,
      max: most,
      value,
      'aria-label': `${label} ${numberText(value)} calls per second`,
    }),
    h('span', { class: 'number' }, `${numberText(value)}/s, ${valueText(percent, '%')} of quota`),
  ];
  return h(
    'div',
    {},
    h(
      'p',
      {},
      `${String(row['side'])}: ${String(row['caller_account_id'])} ${String(row['region'])} ${String(row['quota_id'])}`,
    ),
    h(
      'div',
      { class: 'bars', 'data-what-if': String(row['side']) },
      ...bar('before', before, row['percent_before']),
      ...bar('after', after, row['percent_after']),
    ),
    h(
      'p',
      {},
      `Quota to ask for: ${valueText(row['quota_to_request'])} calls/s${row['request_needed'] === true ? ', more than you have' : ''}.`,
    ),
  );
}
