import {
  analysisInfo,
  analysisPath,
  runAny,
  type AnalysisInfo,
  type Answer,
  type Params,
} from './api-client.ts';
import { skeleton } from './block.ts';
import { copyText } from './copy-text.ts';
import { h, replace } from './dom.ts';
import { download } from './download.ts';
import { counted } from './format.ts';
import { analysisCommand, panelParams } from './params.ts';
import { problemNode } from './problem.ts';
import { addressOf } from './state.ts';
import { rowTable, type TableOptions } from './table.ts';
import { whenSeen } from './when-seen.ts';

export interface PanelOptions extends Partial<TableOptions> {
  /** Parameters beside the page's range and filters. */
  params?: Params;
  title?: string;
  /** Draws above the table; what it returns is put there. The table is folded away when it draws. */
  draw?: (answer: Answer, info: AnalysisInfo) => Node | undefined;
  /** What an empty answer means here and what to do. */
  empty?: string;
  /** Controls in the panel's head. */
  controls?: Node[];
}

let newest = 0;

/**
 * A panel of one analysis: heading, drawing, table, notes, and its rows as a file or as a command.
 * Null when the server does not have the analysis.
 */
export function analysisPanel(name: string, options: PanelOptions = {}): HTMLElement | null {
  const info = analysisInfo(name);
  if (!info) return null;
  const { params, ignored, missing } = panelParams(name, options.params);
  const content = h('div', { class: 'panel-content' });
  const id = `panel-${name}-${++newest}`;
  const panel = h(
    'section',
    { class: 'panel', 'aria-labelledby': id, 'data-analysis': name },
    h(
      'header',
      {},
      h('h2', { id, title: info.question }, options.title ?? info.title),
      ...(options.controls ?? []),
      missing.length === 0 && actions(info, params),
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
    const wanted = `To see this, ${missing.join('; ')}: click one in any table, or open the question in Explore.`;
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
  const bones = skeleton(info.question);
  replace(content, bones.element);
  try {
    const answer = await runAny(info.name, params, undefined, (progress) => {
      bones.progress(progress);
      return panel.isConnected;
    });
    if (!panel.isConnected) return;
    replace(content, ...answerNodes(answer, info, options));
    panel.dataset['state'] = answer.rows.length > 0 ? 'ready' : 'empty';
  } catch (error) {
    if (!panel.isConnected) return;
    panel.dataset['state'] = 'failed';
    const retry = () => void load(panel, content, info, params, options);
    replace(content, problemNode(error, retry));
  } finally {
    bones.done();
    panel.removeAttribute('aria-busy');
  }
}

/** Inputs that an analysis reads beside the log: an empty answer may only mean that they were not given. */
const inputs: Readonly<Record<string, string>> = {
  'cost-reconciliation':
    'No bill was given. Start the server with --billing FILE (a Cost and Usage Report or FOCUS export) to compare it with the log.',
};

export function answerNodes(answer: Answer, info: AnalysisInfo, options: PanelOptions): Node[] {
  const notes = [...answer.notes, ...info.caveats];
  const about = h(
    'details',
    { class: 'notes' },
    h('summary', {}, `What these numbers are (${notes.length})`),
    h('ul', {}, ...notes.map((note) => h('li', {}, note))),
  );
  if (answer.rows.length === 0) {
    const hint =
      options.empty ?? inputs[info.name] ?? `No row answers this question in the chosen range.`;
    return [h('p', { class: 'empty' }, hint), about];
  }
  const drawing = options.draw?.(answer, info);
  const caption = `${options.title ?? info.title}, rows`;
  const table = rowTable(answer.rows, info.row.properties, {
    columns: info.headline,
    ...options,
    caption,
  });
  const cut = answer.truncated
    ? [
        h(
          'p',
          { class: 'notice' },
          `Only the first ${counted(answer.rows.length, 'row')}: narrow the range or filter.`,
        ),
      ]
    : [];
  if (!drawing) return [...cut, table, about];
  const folded = h(
    'details',
    { class: 'rows' },
    h('summary', {}, `Table of ${counted(answer.rows.length, 'row')}`),
    table,
  );
  return [drawing, ...cut, folded, about];
}

function actions(info: AnalysisInfo, params: Params): HTMLElement {
  const search = Object.fromEntries(Object.entries(params).filter(([, value]) => value));
  const explore = addressOf({ path: '/explore', selection: { analysis: info.name, ...search } });
  return h(
    'span',
    { class: 'actions' },
    action('CSV', 'Download the rows as a CSV file', async () => {
      await download(
        analysisPath(info.name, { ...params, format: 'csv' }),
        `keymeter-${info.name}.csv`,
      );
      return 'Downloaded';
    }),
    action('CLI', 'Copy the command that gives the same rows', async () =>
      (await copyText(analysisCommand(info.name, params), 'The command that gives the same rows'))
        ? 'Copied'
        : 'Shown',
    ),
    h('a', { href: explore, 'data-nav': true, title: 'All parameters of this question' }, 'Open'),
  );
}

function action(label: string, title: string, work: () => Promise<string>): HTMLElement {
  const button = h(
    'button',
    { type: 'button', class: 'quiet', title, onclick: () => void run() },
    label,
  );
  return button;
  async function run(): Promise<void> {
    try {
      button.textContent = await work();
    } catch {
      button.textContent = 'Failed';
    }
    setTimeout(() => (button.textContent = label), 1_500);
  }
}
