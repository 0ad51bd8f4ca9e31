import { h, replace } from './dom.ts';
import { problemNode } from './problem.ts';

export interface BlockOptions {
  /** Names the block in the page, for links and tests. */
  name: string;
  heading?: string;
  /** Beside the heading. */
  controls?: (Node | null | false | undefined)[];
  class?: string;
  /** What is being worked out, for readers who wait. */
  waiting: string;
}

/**
 * A part of a page that asks the server: a skeleton while it waits, which says after a second what is
 * being computed; then its content, or what went wrong and a way to try again.
 */
export function block(
  options: BlockOptions,
  work: (waits: (progress?: number) => boolean) => Promise<(Node | null | undefined)[]>,
): HTMLElement {
  const content = h('div', { class: 'block-content' });
  const element = h(
    'section',
    {
      class: options.class ?? 'block',
      'data-block': options.name,
      'data-state': 'loading',
      'aria-busy': 'true',
      'aria-label': options.heading ? undefined : options.name,
    },
    (options.heading ?? options.controls) &&
      h('header', {}, options.heading && h('h2', {}, options.heading), ...(options.controls ?? [])),
    content,
  );
  void load();
  return element;

  async function load(): Promise<void> {
    element.dataset['state'] = 'loading';
    element.setAttribute('aria-busy', 'true');
    const bones = skeleton(options.waiting);
    replace(content, bones.element);
    try {
      const nodes = await work((progress) => {
        bones.progress(progress);
        return element.isConnected;
      });
      replace(content, ...nodes);
      element.dataset['state'] = 'ready';
    } catch (error) {
      element.dataset['state'] = 'failed';
      replace(
        content,
        problemNode(error, () => void load()),
      );
    } finally {
      bones.done();
      element.removeAttribute('aria-busy');
    }
  }
}

/** After this long without an answer the skeleton says what it waits for. */
const slow_ms = 1_000;

export function skeleton(waiting: string) {
  const bar = h('progress', { 'aria-label': waiting });
  const text = h('p', { class: 'muted' }, `Computing: ${waiting}`);
  const said = h('div', { role: 'status', hidden: true }, text, bar);
  const element = h(
    'div',
    { class: 'skeleton' },
    said,
    h('div', { class: 'bone' }),
    h('div', { class: 'bone' }),
    h('div', { class: 'bone' }),
  );
  const timer = setTimeout(() => (said.hidden = false), slow_ms);
  return {
    element,
    progress: (share?: number) => {
      if (share === undefined) return;
      said.hidden = false;
      bar.value = share;
      text.textContent = `Computing: ${waiting} (${Math.round(100 * share)} %)`;
    },
    done: () => clearTimeout(timer),
  };
}
