import {
  analysisInfo,
  ApiProblem,
  getJson,
  loadRegistry,
  runAny,
  setToken,
  takeToken,
} from './api-client.ts';
import { dropCharts } from './charts/chart.ts';
import { h, replace } from './dom.ts';
import { extent, loadExtent, rangeFault } from './extent.ts';
import { watchIngest } from './ingest-watch.ts';
import { followLinks } from './links.ts';
import { skeleton } from './block.ts';
import { showEvent } from './drawer.ts';
import { setNames } from './format.ts';
import { setFiles } from './params.ts';
import { problemNode } from './problem.ts';
import { announce, main, mountShell, pages, renderShell } from './shell.ts';
import { capacityPage } from './pages/capacity.ts';
import { costPage } from './pages/cost.ts';
import { coveragePage } from './pages/coverage.ts';
import { emptyPage, unknownPage } from './pages/empty.ts';
import { explorePage } from './pages/explore.ts';
import { overviewPage } from './pages/overview.ts';
import { securityPage } from './pages/security.ts';
import { onState, state } from './state.ts';

const bodies: Readonly<Record<string, () => Node[]>> = {
  '/': overviewPage,
  '/capacity': capacityPage,
  '/cost': costPage,
  '/security': securityPage,
  '/coverage': coveragePage,
  '/explore': explorePage,
};

const app = document.querySelector<HTMLElement>('#app')!;

takeToken();
void start();

async function start(): Promise<void> {
  // The frame stands before any answer: the first content waits for no query.
  replace(app);
  mountShell(app);
  renderShell();
  const waits = skeleton('what this server can answer').element;
  replace(main, h('div', { 'aria-busy': 'true' }, h('h1', { class: 'unseen' }, 'keymeter'), waits));
  try {
    await loadRegistry();
    const [health] = await Promise.all([
      getJson<{ files?: Record<string, string> }>('/api/v1/health'),
      loadExtent(),
      loadNames(),
    ]);
    setFiles(health.files ?? {});
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) replace(app, signIn(error));
    else
      replace(
        app,
        problemNode(error, () => location.reload()),
      );
    return;
  }
  followLinks(app);
  render();
  const { event } = state().selection;
  if (event !== undefined) void showEvent({ event_id: event });
  onState((now, before) => {
    render();
    if (now.path === before.path) return;
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
    announce(document.title);
  });
  watchIngest(() => void loadExtent().then(render));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', render);
}

function render(): void {
  const { path } = state();
  const page = pages.find((one) => one.path === path);
  const title = page?.title ?? 'Not found';
  document.title = `${title} · keymeter`;
  renderShell();
  replace(main, h('h1', {}, title), ...(page ? bodyOf(page.path) : unknownPage(path)));
  dropCharts();
}

/** Pages that show what was read even when nothing was. */
const always: readonly string[] = ['/coverage', '/explore'];

function bodyOf(path: string): Node[] {
  if (rangeFault()) {
    return [h('p', { class: 'empty' }, 'Nothing is asked until the time range is right.')];
  }
  if (extent().events === 0 && !always.includes(path)) return emptyPage();
  return bodies[path]!();
}

/** Aliases and account names, where the log or the configuration has them. */
async function loadNames(): Promise<void> {
  if (!analysisInfo('names')) return;
  const { rows } = await runAny('names', {});
  setNames(rows.map((row) => ({ id: String(row['id']), label: String(row['label']) })));
}

function signIn(problem: ApiProblem): HTMLElement {
  const input = h('input', {
    name: 'token',
    type: 'password',
    autocomplete: 'off',
    required: true,
  });
  const submit = (event: Event) => {
    event.preventDefault();
    setToken(input.value.trim());
    void start();
  };
  return h(
    'form',
    { class: 'panel sign-in', onsubmit: submit },
    h('h1', {}, 'keymeter'),
    h(
      'p',
      {},
      `${problem.message}. The token is in the file named where \`keymeter serve\` was started.`,
    ),
    h('label', {}, 'Token', input),
    h('button', { type: 'submit' }, 'Open'),
  );
}
