import { copyText } from './copy-text.ts';
import { ApiProblem } from './api-client.ts';
import { h } from './dom.ts';
import { download } from './download.ts';
import { commandLine } from './params.ts';
import { state } from './state.ts';

const reportOf: Readonly<Record<string, string>> = {
  '/': 'overview',
  '/cost': 'finops',
  '/capacity': 'capacity',
  '/security': 'security',
};

/** Parameters that every report takes; the security report also takes its subject. */
const shared = ['account', 'region'] as const;
const subject = ['principal', 'key'] as const;

function reportParams(name: string): Record<string, string> {
  const { from, to, filters } = state();
  const params: Record<string, string> = {};
  if (from) params['from'] = from;
  if (to) params['to'] = to;
  for (const filter of name === 'security' ? [...shared, ...subject] : shared) {
    if (filters[filter] !== undefined) params[filter] = filters[filter];
  }
  return params;
}

/** Fetches a report of what the page shows, as a file. */
export const reportFile = (report: string, format: string, end: string) => async () => {
  const search = new URLSearchParams({ ...reportParams(report), format });
  await download(`/api/v1/reports/${report}?${search}`, `keymeter-${report}.${end}`);
  return 'Downloaded.';
};

/** What leaves the page: its report as a file, print, a link, the command that writes the report. */
export function reportMenu(): HTMLElement {
  const name = reportOf[state().path];
  const status = h('p', { class: 'muted', role: 'status' });
  const item = (label: string, work: () => Promise<string>) => {
    const button = h('button', { type: 'button', class: 'item', onclick: () => void run() }, label);
    return button;
    async function run(): Promise<void> {
      status.textContent = 'Working…';
      button.setAttribute('aria-busy', 'true');
      try {
        status.textContent = await work();
      } catch (error) {
        status.textContent =
          error instanceof ApiProblem ? `${error.message}. ${error.fix}.` : String(error);
      } finally {
        button.removeAttribute('aria-busy');
      }
    }
  };
  const copied = (done: boolean) => (done ? 'Copied.' : 'Shown, to be copied.');
  const items = [
    ...(name === undefined
      ? []
      : [
          item('Report as HTML', reportFile(name, 'html', 'html')),
          item('Report as Markdown', reportFile(name, 'markdown', 'md')),
          item('Report as JSON', reportFile(name, 'json', 'json')),
          ...(name === 'security'
            ? [item('Evidence pack', reportFile('security', 'evidence', 'evidence.json'))]
            : []),
          item('Copy report command', async () =>
            copied(
              await copyText(commandLine(['report', name], reportParams(name)), 'Report command'),
            ),
          ),
        ]),
    item('Print or save as PDF', () => {
      status.closest('details')!.open = false;
      print();
      return Promise.resolve('');
    }),
    item('Copy link', async () => copied(await copyText(location.href, 'Link to this page'))),
  ];
  return h(
    'details',
    { class: 'menu report' },
    h('summary', {}, 'Report'),
    h('div', { class: 'menu-body end' }, ...items, status),
  );
}
