import { postJson, type Row } from '../api-client.ts';
import { h, replace } from '../dom.ts';
import { instantText } from '../format.ts';
import { problemNode } from '../problem.ts';

/** Acknowledge or suppress the findings of a rule and principal, with a reason; or take that back. */
export function decisionControls(
  first: Row,
  rows: readonly Row[],
  changed: () => void,
): HTMLElement {
  const place = h('div', { class: 'decision' });
  const decision = first['decision'];
  const target = { rule: String(first['rule']), principal_arn: first['principal_arn'] ?? null };
  show();
  return place;

  function show(): void {
    if (decision === 'acknowledged' || decision === 'suppressed') {
      replace(
        place,
        h(
          'span',
          { class: 'muted' },
          `${decision} ${instantText(String(first['decided_at']))}: ${String(first['decision_reason'])} `,
        ),
        h('button', { type: 'button', onclick: () => void send('open', '') }, 'Reopen'),
      );
      return;
    }
    replace(
      place,
      h('button', { type: 'button', onclick: () => form('acknowledged') }, 'Acknowledge'),
      h('button', { type: 'button', onclick: () => form('suppressed') }, 'Suppress'),
    );
  }

  function form(state: 'acknowledged' | 'suppressed'): void {
    const input = h('input', {
      name: 'reason',
      required: true,
      maxlength: 500,
      autocomplete: 'off',
    });
    const words =
      state === 'acknowledged'
        ? 'Seen, and being looked at. It stays in the list.'
        : `Expected. All ${rows.length > 1 ? 'these findings' : 'findings'} of this rule and principal leave the list, everywhere.`;
    replace(
      place,
      h(
        'form',
        {
          class: 'params',
          onsubmit: (event) => {
            event.preventDefault();
            void send(state, input.value.trim());
          },
        },
        h('label', {}, 'Reason', input),
        h(
          'button',
          { type: 'submit', class: 'primary' },
          state === 'acknowledged' ? 'Acknowledge' : 'Suppress',
        ),
        h('button', { type: 'button', onclick: show }, 'Cancel'),
        h('p', { class: 'muted' }, words),
      ),
    );
    input.focus();
  }

  async function send(state: string, reason: string): Promise<void> {
    try {
      await postJson('/api/v1/decisions', { ...target, decision: state, reason });
      changed();
    } catch (error) {
      replace(place, problemNode(error, show));
    }
  }
}
