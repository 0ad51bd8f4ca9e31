import { ApiProblem, getJson, loadRegistry, setToken, takeToken } from './api-client.ts';
import { dropCharts } from './charts/chart.ts';
import { h, replace } from './dom.ts';
import { loadExtent } from './extent.ts';
import { watchIngest } from './ingest-watch.ts';
import { followLinks } from './links.ts';
import { problemNode } from './panel.ts';
import { setDatabase } from './params.ts';
import { announce, main, mountShell, pages, renderShell } from './shell.ts';
import { capacityPage } from './pages/capacity.ts';
import { costPage } from './pages/cost.ts';
import { coveragePage } from './pages/coverage.ts';
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
  replace(main, h('p', { class: 'empty', role: 'status' }, 'Asking the server…'));
  try {
    await loadRegistry();
    const [health] = await Promise.all([
      getJson<{ database: string | null }>('/api/v1/health'),
      loadExtent(),
    ]);
    if (health.database) setDatabase(health.database);
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
  const page = pages.find((one) => one.path === state().path) ?? pages[0];
  document.title = `${page.title} · keymeter`;
  renderShell();
  replace(main, h('h1', {}, page.title), ...bodies[page.path]!());
  dropCharts();
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
    h('p', {}, `${problem.message}. The token stands where \`keymeter serve\` was started.`),
    h('label', {}, 'Token', input),
    h('button', { type: 'submit' }, 'Open'),
  );
}
