import { h } from './dom.ts';
import { numberText } from './format.ts';

/** Cards in the order given; those beyond the first ones are a click away. */
export function cardList<T>(
  items: readonly T[],
  card: (item: T) => HTMLElement,
  shown: number,
  className = 'cards',
): HTMLElement {
  const list = h('ol', { class: className }, ...items.slice(0, shown).map(card));
  if (items.length <= shown) return list;
  const more = h(
    'button',
    {
      type: 'button',
      onclick: () => {
        list.append(...items.slice(shown).map(card));
        more.remove();
      },
    },
    `Show ${numberText(items.length - shown)} more`,
  );
  return h('div', {}, list, more);
}
