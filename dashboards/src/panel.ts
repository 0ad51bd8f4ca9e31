import {
  analysisInfo,
  analysisPath,
  ApiProblem,
  get,
  runAny,
  type AnalysisInfo,
  type Answer,
  type Params,
} from './api-client.ts';
import { copyText } from './copy-text.ts';
import { h, replace } from './dom.ts';
import { commandLine, panelParams } from './params.ts';
import { addressOf } from './state.ts';
import { rowTable, type TableOptions } from './table.ts';

export interface PanelOptions extends Partial<TableOptions> {
  /** Parameters beside the page's range and filters. */
  params?: Params;
  title?: string;
  /** Draws above the table; what it returns is put there. The table is folded away when it draws. */
  draw?: (answer: Answer, info: AnalysisInfo) => Node | undefined;
  /** What an empty answer means here and what to do. */
  empty?: string;
  /** Takes the whole width of the page. */
  wide?: boolean;
  /** Controls in the panel's head. */
  controls?: Node[];
}

let newest = 0;

/**
 * A panel of one analysis: heading, drawing, table, notes, and its numbers as CSV or as a command.
 * Null when the server does not have the analysis.
 */
export function analysisPanel(name: string, options: PanelOptions = {}): HTMLElement | null {
  const info = analysisInfo(name);
  if (!info) return null;
  const { params, ignored, missing } = panelParams(name, options.params);
  const content = h('div', { class: 'panel-content' });
  const id = `panel-${name}-${++newest}`;
  const title = options.title ?? info.title;
  const panel = h(
    'section',
    { class: options.wide ? 'panel wide' : 'panel', 'aria-labelledby': id, 'data-analysis': name },
    h(
      'header',
      {},
      h('h2', { id, title: info.question }, title),
      ...(options.controls ?? []),
      actions(info, params, missing),
    ),
    ignored.length > 0 &&
      h(
        'p',
        { class: 'notice' },
        `Not narrowed by ${ignored.join(', ')}: this question has no such filter.`,
      ),
    content,
  );
  if (missing.length > 0) {
    panel.dataset['state'] = 'waiting';
    const wanted = `To see this, ${missing.join('; ')}: click one in any table, or open the question.`;
    replace(content, h('p', { class: 'empty' }, wanted));
    return panel;
  }
  whenSeen(panel, () => void load(panel, content, info, params, options));
  return panel;
}

async function load(
  panel: HTMLElement,
  content: HTMLElement,
  info: AnalysisInfo,
  params: Params,
  options: PanelOptions,
): Promise<void> {
  panel.dataset['state'] = 'loading';
  panel.setAttribute('aria-busy', 'true');
  const slow = setTimeout(() => sayComputing(content), slow_ms);
  try {
    const answer = await runAny(info.name, params, undefined, () => panel.isConnected);
    if (!panel.isConnected) return;
    replace(content, ...answerNodes(answer, info, options));
    panel.dataset['state'] = answer.rows.length > 0 ? 'ready' : 'empty';
  } catch (error) {
    if (!panel.isConnected) return;
    panel.dataset['state'] = 'failed';
    const retry = () => void load(panel, content, info, params, options);
    replace(content, problemNode(error, retry));
  } finally {
    clearTimeout(slow);
    panel.removeAttribute('aria-busy');
  }
}

/** After this long without an answer a panel says what it waits for. */
const slow_ms = 1_000;

function sayComputing(content: HTMLElement): void {
  const text = 'Being computed: over much data the first answer takes a while, later ones do not.';
  replace(content, h('p', { class: 'empty', role: 'status' }, text));
}

function answerNodes(answer: Answer, info: AnalysisInfo, options: PanelOptions): Node[] {
  const notes = [...answer.notes, ...info.caveats];
  const about = h(
    'details',
    { class: 'notes' },
    h('summary', {}, `What these numbers are (${notes.length})`),
    h('ul', {}, ...notes.map((note) => h('li', {}, note))),
  );
  if (answer.rows.length === 0) {
    const hint = options.empty ?? 'Nothing in this range. Widen the range or remove a filter.';
    return [h('p', { class: 'empty' }, hint), about];
  }
  const drawing = options.draw?.(answer, info);
  const caption = `${options.title ?? info.title}, rows`;
  const table = rowTable(answer.rows, info.row.properties, { caption, ...options });
  const cut = answer.truncated
    ? [
        h(
          'p',
          { class: 'notice' },
          `Only the first ${answer.rows.length} rows: narrow the range or filter.`,
        ),
      ]
    : [];
  if (!drawing) return [...cut, table, about];
  const folded = h(
    'details',
    { class: 'rows' },
    h('summary', {}, `Table of ${answer.rows.length.toLocaleString('en-US')} rows`),
    table,
  );
  return [drawing, ...cut, folded, about];
}

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

function actions(info: AnalysisInfo, params: Params, missing: readonly string[]): HTMLElement {
  const search = Object.fromEntries(Object.entries(params).filter(([, value]) => value));
  const explore = addressOf({ path: '/explore', selection: { analysis: info.name, ...search } });
  const ready = missing.length === 0;
  return h(
    'span',
    { class: 'actions' },
    ready &&
      copyButton('CSV', 'Copy the rows as CSV', async () => {
        const path = analysisPath(info.name, { ...params, format: 'csv' });
        return (await get(path)).text();
      }),
    ready &&
      copyButton('CLI', 'Copy the command that gives the same rows', () =>
        Promise.resolve(commandLine(info.name, params)),
      ),
    h('a', { href: explore, 'data-nav': true, title: 'All parameters of this question' }, 'Open'),
  );
}

function copyButton(label: string, title: string, text: () => Promise<string>): HTMLElement {
  const button = h(
    'button',
    { type: 'button', class: 'quiet', title, onclick: () => void copy() },
    label,
  );
  return button;
  async function copy(): Promise<void> {
    let done: string;
    try {
      done = (await copyText(await text(), title)) ? 'Copied' : 'Shown';
    } catch {
      done = 'Not copied';
    }
    button.textContent = done;
    setTimeout(() => (button.textContent = label), 1_500);
  }
}

/** Panels below the fold ask for their numbers when they come near. */
const seen = new WeakMap<Element, () => void>();
const observer = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      observer.unobserve(entry.target);
      seen.get(entry.target)?.();
    }
  },
  { rootMargin: '600px' },
);

function whenSeen(element: Element, work: () => void): void {
  seen.set(element, work);
  observer.observe(element);
}
