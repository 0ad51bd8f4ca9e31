import { getJson, type Answer, type FieldSchema, type Row } from '../api-client.ts';
import { heatDrawing } from '../../../charts/heat.ts';
import { chart } from '../charts/chart.ts';
import { h, replace } from '../dom.ts';
import { counted, numberText, paramTitle, valueText } from '../format.ts';
import { onIngest, type IngestState } from '../ingest-watch.ts';
import { analysisPanel } from '../panel.ts';
import { problemNode } from '../problem.ts';
import { go, state } from '../state.ts';
import { rowTable } from '../table.ts';

/** What was read, what was not, and why. */
export function coveragePage(): Node[] {
  const parts = [
    livePanel(),
    analysisPanel('coverage', {
      title: 'Hours covered, by account, Region and day',
      params: { limit: '100000' },
      draw: coverageDrawing,
      empty: 'No object with records in this range was read.',
    }),
    runsPanel(),
    ledgerPanel(),
    rejectsPanel(),
  ];
  return parts.filter((part) => part !== null);
}

const day_ms = 86_400_000;
/** More days than this are no longer told apart side by side: the newest ones are drawn. */
const days_max = 400;

/** Accounts and Regions by days. A day without rows stays empty; it is never drawn as zero. */
function coverageDrawing(answer: Answer): HTMLElement | undefined {
  const cells = answer.rows.map((row) => ({
    x: String(row['day']).slice(0, 10),
    y: `${String(row['account_id'])} ${String(row['region'])}`,
    value: Number(row['hours_covered']),
    text: [
      `${String(row['account_id'])} ${String(row['region'])} ${String(row['day']).slice(0, 10)}`,
      `${valueText(row['hours_covered'])} hours covered`,
      `${valueText(row['objects'])} objects, ${valueText(row['kms_events'])} KMS events, ${valueText(row['rejected'])} rejected`,
    ].join('\n'),
  }));
  const days = [...new Set(cells.map((cell) => cell.x))].sort();
  const scopes = [...new Set(cells.map((cell) => cell.y))].sort();
  if (days.length === 0) return undefined;
  const last = Date.parse(days.at(-1)!);
  const first = Math.max(Date.parse(days[0]!), last - (days_max - 1) * day_ms);
  const xs: string[] = [];
  for (let at = first; at <= last; at += day_ms) xs.push(new Date(at).toISOString().slice(0, 10));
  const shown = cells.filter((cell) => Date.parse(cell.x) >= first);
  shown.sort((a, b) => (a.y < b.y ? -1 : 1));
  const holes = scopes.length * xs.length - shown.length;
  const drawing = heatDrawing(shown, {
    label: `Coverage of ${counted(scopes.length, 'account and Region', 'accounts and Regions')} over ${counted(xs.length, 'day')}; ${counted(holes, 'day holds', 'days hold')} nothing`,
    unit: 'hours covered',
    scale: 'good',
    max: 24,
    xs,
  });
  if (!drawing) return undefined;
  const picture = chart(drawing, {
    onclick: ({ dataIndex }) => {
      const cell = shown[dataIndex];
      if (!cell) return;
      const [account, region] = cell.y.split(' ');
      const from = `${cell.x}T00:00:00.000Z`;
      const to = new Date(Date.parse(from) + day_ms).toISOString();
      go({ from, to, filters: { account, region } });
    },
  });
  const cut = Date.parse(days[0]!) < first;
  return h(
    'div',
    {},
    picture,
    cut && h('p', { class: 'muted' }, `The last ${days_max} days of ${days[0]} to ${days.at(-1)}.`),
  );
}

function livePanel(): HTMLElement {
  const content = h('div', { class: 'panel-content' }, 'No ingest has been seen.');
  const panel = h(
    'section',
    { class: 'panel slim', 'aria-label': 'Ingest' },
    h('header', {}, h('h2', {}, 'Ingest now')),
    content,
  );
  queueMicrotask(() => onIngest(panel, (ingest) => replace(content, ...progress(ingest))));
  return panel;
}

function progress(ingest: IngestState): Node[] {
  const { state: what, objects_done, objects_total } = ingest;
  if (what === 'idle')
    return [h('p', {}, `Nothing is being read. Data version ${ingest.data_version}.`)];
  const counts = (['records_total', 'inserted', 'duplicate', 'rejected'] as const)
    .filter((name) => typeof ingest[name] === 'number')
    .map((name) => `${numberText(ingest[name]!)} ${name.replace('_total', '')}`);
  const known =
    typeof objects_done === 'number' && typeof objects_total === 'number' && objects_total > 0;
  return [
    h('p', {}, `${what} ${ingest.source ?? ''} ${ingest.message ?? ''}`),
    ...(known
      ? [
          h('progress', { max: objects_total, value: objects_done, 'aria-label': 'Objects read' }),
          h(
            'p',
            { class: 'muted' },
            `${numberText(objects_done)} of ${numberText(objects_total)} objects; ${counts.join(', ')}`,
          ),
        ]
      : [h('p', { class: 'muted' }, counts.join(', '))]),
  ];
}

const fields = (columns: Readonly<Record<string, string>>): Record<string, FieldSchema> =>
  Object.fromEntries(
    Object.entries(columns).map(([name, unit]) => [
      name,
      {
        type: unit === 'text' || unit === 'instant' ? 'string' : 'number',
        title: paramTitle(name.replace(/_(at|bytes)$/, '')),
        ...(unit === 'text' ? {} : { unit }),
      },
    ]),
  );

interface Page {
  rows: Row[];
  next_cursor?: string | null;
}

/** A table of an address that answers in pages; more are fetched on demand. */
function pagedPanel(
  title: string,
  path: string,
  columns: Record<string, FieldSchema>,
  empty: string,
  more: { control?: HTMLElement; flat?: (row: Row) => Row } = {},
): HTMLElement {
  const content = h('div', { class: 'panel-content' }, 'Asking…');
  const rows: Row[] = [];
  const load = async (cursor?: string): Promise<void> => {
    try {
      const joint = path.includes('?') ? '&' : '?';
      const page = await getJson<Page>(
        cursor ? `${path}${joint}cursor=${encodeURIComponent(cursor)}` : path,
      );
      rows.push(...(more.flat ? page.rows.map(more.flat) : page.rows));
      const next = page.next_cursor;
      const onward = next
        ? h('button', { type: 'button', onclick: () => void load(next) }, 'Next page')
        : null;
      if (rows.length === 0) replace(content, h('p', { class: 'empty' }, empty));
      else replace(content, rowTable(rows, columns, { caption: title }), onward);
    } catch (error) {
      replace(
        content,
        problemNode(error, () => void load(cursor)),
      );
    }
  };
  void load();
  return h(
    'section',
    { class: 'panel', 'aria-label': title },
    h('header', {}, h('h2', {}, title), more.control),
    content,
  );
}

const runCounts = [
  'objects_new',
  'objects_dead',
  'records_total',
  'inserted',
  'duplicate',
  'rejected',
];

function runsPanel(): HTMLElement {
  const columns = fields({
    started_at: 'instant',
    finished_at: 'instant',
    status: 'text',
    source: 'text',
    ...Object.fromEntries(
      runCounts.map((name) => [name, name.startsWith('objects') ? 'objects' : 'records']),
    ),
    run_id: 'text',
  });
  const flat = (row: Row): Row => ({ ...row, ...(row['summary'] as Row | null) });
  return pagedPanel(
    'Ingest runs',
    '/api/v1/runs',
    columns,
    'No run yet. Start one: keymeter ingest <source> --db FILE.',
    { flat },
  );
}

const statuses = ['dead', 'skipped', 'gone', 'empty', 'ok'] as const;

function ledgerPanel(): HTMLElement {
  const chosen = state().selection['status'] ?? 'dead';
  const picker = h(
    'label',
    { class: 'picker' },
    'status ',
    h(
      'select',
      {
        onchange: (event) =>
          go({ selection: { status: (event.target as HTMLSelectElement).value } }, 'replace'),
      },
      ...statuses.map((one) => h('option', { value: one, selected: one === chosen }, one)),
    ),
  );
  const columns = fields({
    key: 'text',
    bucket: 'text',
    status: 'text',
    error_class: 'text',
    error_detail: 'text',
    account_id: 'text',
    region: 'text',
    size_bytes: 'bytes',
    records_total: 'records',
    inserted: 'records',
    duplicate: 'records',
    rejected: 'records',
    attempts: 'tries',
    event_time_min: 'instant',
    event_time_max: 'instant',
    committed_at: 'instant',
  });
  const search = new URLSearchParams({ status: chosen });
  const { account, region } = state().filters;
  if (account) search.set('account', account);
  if (region) search.set('region', region);
  return pagedPanel(
    `Log objects that are ${chosen}`,
    `/api/v1/ledger?${search}`,
    columns,
    `No object is ${chosen}.`,
    { control: picker },
  );
}

function rejectsPanel(): HTMLElement {
  const columns = fields({
    key: 'text',
    record_index: 'position',
    error_class: 'text',
    error_detail: 'text',
    record_start: 'text',
  });
  return pagedPanel(
    'Records that could not be read',
    '/api/v1/rejects',
    columns,
    'Every record was read.',
  );
}
