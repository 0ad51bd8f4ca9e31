import { ApiProblem } from './api-client.ts';
import { h } from './dom.ts';

/** What went wrong and what to do, with a button where trying again can help. */
export function problemNode(error: unknown, retry?: () => void): HTMLElement {
  const problem = error instanceof ApiProblem ? error : undefined;
  return h(
    'div',
    { class: 'problem', role: 'alert' },
    h('strong', {}, problem?.message ?? String(error)),
    problem && h('p', {}, `What to do: ${problem.fix}.`),
    problem?.requestId ? h('p', { class: 'muted' }, `Request ${problem.requestId}`) : null,
    retry && h('button', { type: 'button', onclick: retry }, 'Try again'),
  );
}
