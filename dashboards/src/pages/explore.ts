import { analysisInfo, type AnalysisInfo } from '../api-client.ts';
import { h } from '../dom.ts';
import { paramTitle } from '../format.ts';
import { analysisPanel } from '../panel.ts';
import { panelParams } from '../params.ts';
import { filterNames, go, state } from '../state.ts';
import { questionGroups } from './questions.ts';

/** Any question with all its parameters; made from the registry alone. */
export function explorePage(): Node[] {
  const name = state().selection['analysis'];
  const info = name ? analysisInfo(name) : undefined;
  if (!name || !info) {
    return [
      h(
        'p',
        { class: 'sentence' },
        name ? `This server has no analysis ${name}.` : 'Every question that the log can answer.',
      ),
      questionGroups(),
    ];
  }
  const own = ownParams(info);
  const panel = analysisPanel(name, { params: own });
  const back = h('a', { href: '/explore', 'data-nav': true }, 'All questions');
  return [h('p', {}, back, ` · ${info.question}`), paramForm(info, own), panel!];
}

/** Parameters of this question that are no filters of the page. */
function ownParams(info: AnalysisInfo): Record<string, string> {
  const { selection } = state();
  return Object.fromEntries(
    Object.entries(selection).filter(([name]) => name in (info.params.properties ?? {})),
  );
}

/** A form of an analysis' parameters; submitting puts them into the URL. */
export function paramForm(info: AnalysisInfo, own: Readonly<Record<string, string>>): HTMLElement {
  const { params } = panelParams(info.name, own);
  const required = new Set(info.params.required ?? []);
  const fields = Object.entries(info.params.properties ?? {})
    .filter(([name]) => name !== 'from' && name !== 'to')
    .map(([name, field]) => {
      const value = params[name] ?? '';
      const attributes = { name, title: field.description, required: required.has(name) };
      const options = field.enum ?? (field.type === 'boolean' ? ['true', 'false'] : undefined);
      const input = options
        ? h(
            'select',
            attributes,
            h(
              'option',
              { value: '' },
              field.default === undefined ? '' : `${String(field.default)} (default)`,
            ),
            ...options.map((one) => h('option', { value: one, selected: one === value }, one)),
          )
        : h('input', {
            ...attributes,
            value,
            placeholder: field.default === undefined ? '' : String(field.default),
            autocomplete: 'off',
          });
      return h('label', {}, paramTitle(name), input);
    });
  const form = h(
    'form',
    {
      class: 'params',
      'aria-label': `Parameters of ${info.title}`,
      onsubmit: (event) => {
        event.preventDefault();
        const data = new FormData(form);
        const selection: Record<string, string> = {};
        const filters: Record<string, string> = {};
        for (const [name, value] of data) {
          if ((filterNames as readonly string[]).includes(name)) filters[name] = String(value);
          else selection[name] = String(value);
        }
        go({ filters, selection });
      },
    },
    ...fields,
    h('button', { type: 'submit' }, 'Ask'),
  );
  return form;
}
