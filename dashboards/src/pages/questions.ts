import { allAnalyses, type AnalysisInfo } from '../api-client.ts';
import { h } from '../dom.ts';
import { counted } from '../format.ts';
import { addressOf } from '../state.ts';

const topics: readonly (readonly [topic: string, title: string])[] = [
  ['usage', 'Use'],
  ['finops', 'Cost and savings'],
  ['capacity', 'Quotas and throttling'],
  ['investigation', 'Investigation'],
  ['detections', 'Detections'],
  ['coverage', 'Coverage'],
];

/** All questions by topic, with a search over their words. */
export function questionGroups(): HTMLElement {
  const all = allAnalyses();
  const known = new Set(topics.map(([topic]) => topic));
  const rest = [...new Set(all.map((info) => info.topic))].filter((topic) => !known.has(topic));
  const groups = [...topics, ...rest.map((topic) => [topic, topic] as const)].map(
    ([topic, title]) => {
      const items = all.filter((info) => info.topic === topic).map(question);
      const element = h(
        'section',
        { class: 'block', 'aria-label': title },
        h('h2', {}, title),
        h('ul', { class: 'questions' }, ...items.map(({ item }) => item)),
      );
      return { element, items };
    },
  );
  const status = h('p', { class: 'muted', role: 'status' }, counted(all.length, 'question'));
  const input = h('input', {
    type: 'search',
    'aria-label': 'Search the questions',
    placeholder: 'Search: bucket, throttled, alias…',
    autocomplete: 'off',
    oninput: () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let found = 0;
      for (const { element, items } of groups) {
        let mine = 0;
        for (const { item, words: text } of items) {
          item.hidden = !words.every((word) => text.includes(word));
          if (!item.hidden) mine++;
        }
        element.hidden = mine === 0;
        found += mine;
      }
      status.textContent = counted(found, 'question');
    },
  });
  return h(
    'div',
    { class: 'explore' },
    h('div', { class: 'search-row' }, input, status),
    h(
      'div',
      { class: 'grid' },
      ...groups.filter(({ items }) => items.length > 0).map((g) => g.element),
    ),
  );
}

function question(info: AnalysisInfo) {
  const address = addressOf({ path: '/explore', selection: { analysis: info.name } });
  const columns = Object.values(info.row.properties).map((field) => field.title ?? '');
  const item = h(
    'li',
    {},
    h('a', { href: address, 'data-nav': true }, info.title),
    h('span', { class: 'muted' }, ` ${info.question}`),
  );
  const words = [info.name, info.title, info.question, ...columns].join('\n').toLowerCase();
  return { item, words };
}
