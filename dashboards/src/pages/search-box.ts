import { h, replace } from '../dom.ts';
import { showEvent } from '../drawer.ts';
import { nameOf } from '../format.ts';
import { go } from '../state.ts';
import {
  changeTo,
  knownSubjects,
  subjectOf,
  subjectsWith,
  type Known,
  type Subject,
} from './subject.ts';

const suggestions_max = 8;

/** One box for a key, principal, bucket, address, access key or event id. */
export function searchBox(value = ''): HTMLElement {
  let known: Promise<Known> | undefined;
  const load = () => (known ??= knownSubjects());
  const status = h('p', { class: 'muted', role: 'status' });
  const list = h('ul', { class: 'suggestions', 'aria-label': 'Found' });
  const input = h('input', {
    type: 'search',
    name: 'q',
    value,
    placeholder: 'Key, alias, principal, bucket, address, access key or event id',
    'aria-label': 'Investigate a key, principal, bucket, address, access key or event id',
    autocomplete: 'off',
    spellcheck: 'false',
    onfocus: () => void load().catch(() => (known = undefined)),
    oninput: () => void suggest(),
  });
  const form = h(
    'form',
    { class: 'search-row', role: 'search', onsubmit: (event) => void submit(event) },
    input,
    h('button', { type: 'submit', class: 'primary' }, 'Investigate'),
  );
  return h('div', { class: 'search' }, form, list, status);

  async function suggest(): Promise<void> {
    const text = input.value;
    const found = subjectsWith(await load(), text, suggestions_max);
    if (input.value !== text) return;
    replace(
      list,
      ...found.map((subject) =>
        h(
          'li',
          {},
          h(
            'button',
            { type: 'button', class: 'item', title: subject.value, onclick: () => follow(subject) },
            h('span', { class: 'muted' }, `${subject.kind} `),
            nameOf(subject.value),
          ),
        ),
      ),
    );
  }

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const text = input.value.trim();
    if (text === '') return;
    status.textContent = 'Looking…';
    try {
      const subject = subjectOf(await load(), text);
      status.textContent = subject
        ? ''
        : `Nothing in the log is named “${text}”. Give a whole ARN, an address, or an event id.`;
      if (subject) follow(subject);
    } catch (error) {
      status.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  function follow(subject: Subject): void {
    replace(list);
    if (subject.kind === 'event') void showEvent({ event_id: subject.value });
    else go(changeTo(subject));
  }
}
