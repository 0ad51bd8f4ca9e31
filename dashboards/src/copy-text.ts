import { h, replace } from './dom.ts';

const field = h('textarea', { readonly: true, rows: '12', 'aria-label': 'Text to copy' });
const heading = h('h2');
const dialog = h(
  'dialog',
  { class: 'copy', 'aria-label': 'Text to copy' },
  heading,
  h(
    'p',
    {},
    'This browser gives no clipboard to this page. The text is selected: Ctrl+C copies it.',
  ),
  field,
  h('button', { type: 'button', onclick: () => dialog.close() }, 'Close'),
);

/**
 * Puts text on the clipboard; true when it is there. Browsers give the clipboard to pages of https and
 * loopback only, and a reader may refuse it: then the text is shown, selected.
 */
export async function copyText(text: string, title: string): Promise<boolean> {
  try {
    // Missing altogether on a page of plain http.
    const clipboard = navigator.clipboard as Clipboard | undefined;
    if (clipboard) {
      await clipboard.writeText(text);
      return true;
    }
  } catch {
    // Refused: shown instead.
  }
  if (!dialog.isConnected) document.body.append(dialog);
  replace(heading, title);
  field.value = text;
  if (!dialog.open) dialog.showModal();
  field.focus();
  field.select();
  return false;
}
