import { analysisInfo, type FieldSchema, type Row } from '../api-client.ts';
import { beforeAfterDrawing } from '../../../charts/before-after.ts';
import { chart } from '../charts/chart.ts';
import { h, replace } from '../dom.ts';
import { numberText, paramTitle, valueText } from '../format.ts';
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
    { class: 'panel', 'aria-label': 'What if', 'data-panel': 'what-if' },
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
    return h('label', {}, paramTitle(name), select);
  }
  const numeric = field.type === 'number' || field.type === 'integer';
  // A slider needs a place to start from: what has no default is typed.
  if (!numeric || field.default === undefined) {
    const input = h('input', { name, title, value: now, onchange: () => change(input.value) });
    return h('label', {}, paramTitle(name), input);
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
  return h('label', {}, paramTitle(name), slider, number);
}

/** What changes, against the quota that would hold. */
function outcome(rows: readonly Row[]): HTMLElement | undefined {
  if (rows.length === 0) return undefined;
  return h('div', {}, ...rows.map(side));
}

function side(row: Row): HTMLElement {
  const limit = row['limit_after'];
  const percent = (name: 'before' | 'after') => valueText(row[`percent_${name}`], '%');
  const drawing = beforeAfterDrawing(
    [
      {
        name: `${String(row['side'])}: ${String(row['quota_id'])}`,
        before: Number(row['peak_before']),
        after: Number(row['peak_after']),
      },
    ],
    {
      measure: 'Busiest second, calls per second',
      text: (value) => `${numberText(value)}/s`,
      ...(typeof limit === 'number'
        ? { levels: [{ name: `quota ${numberText(limit)}/s`, value: limit }] }
        : {}),
    },
  );
  return h(
    'div',
    { 'data-what-if': String(row['side']) },
    h(
      'p',
      {},
      `${String(row['caller_account_id'])} ${String(row['region'])} ${String(row['quota_id'])}: `,
      h(
        'b',
        { class: 'number' },
        `${numberText(Number(row['peak_before']))}/s, ${percent('before')} of quota`,
      ),
      ' now, ',
      h(
        'b',
        { class: 'number' },
        `${numberText(Number(row['peak_after']))}/s, ${percent('after')} of quota`,
      ),
      ' then.',
    ),
    drawing && chart(drawing),
    h(
      'p',
      {},
      `Quota to ask for: ${valueText(row['quota_to_request'])} calls/s${row['request_needed'] === true ? ', more than you have' : ''}.`,
    ),
  );
}
