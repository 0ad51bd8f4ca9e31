import { ApiProblem } from './api-client.ts';
import { h } from './dom.ts';

/** A button that says beside it how its work went. */
export function actionButton(label: string, work: () => Promise<string>): HTMLElement {
  const status = h('span', { class: 'muted', role: 'status' });
  const button = h(
    'button',
    { type: 'button', class: 'primary', onclick: () => void run() },
    label,
  );
  return h('span', { class: 'buttons' }, button, status);

  async function run(): Promise<void> {
    button.disabled = true;
    status.textContent = 'Working…';
    try {
      status.textContent = await work();
    } catch (error) {
      status.textContent =
        error instanceof ApiProblem ? `${error.message}. ${error.fix}.` : String(error);
    } finally {
      button.disabled = false;
    }
  }
}
