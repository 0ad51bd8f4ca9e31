import { analysisInfo, runAny, type Params, type Row } from '../api-client.ts';
import { topBars } from '../charts/bars.ts';
import { binFor, ratesChart } from '../charts/rates.ts';
import { h, replace } from '../dom.ts';
import { chosenRange, extent } from '../extent.ts';
import { instantText, numberText } from '../format.ts';
import { analysisPanel } from '../panel.ts';
import { panelParams } from '../params.ts';
import { addressOf, type Change } from '../state.ts';

/** The page of numbers that each reader looks at first. */
export function overviewPage(): Node[] {
  if (extent().calls === 0) return [noData()];
  const { from_ms, to_ms } = chosenRange();
  const bin = binFor(from_ms, to_ms);
  return [
    h('div', { class: 'tiles' }, ...tiles()),
    grid(
      analysisPanel('call-rates', {
        title: 'Busiest second over time',
        params: { bin, limit: '100000' },
        wide: true,
        draw: (answer) => ratesChart(answer, bin),
      }),
      analysisPanel('service-usage', {
        title: 'Calls by service',
        draw: (answer) => topBars(answer.rows, 'service', 'calls', 'calls'),
      }),
      analysisPanel('key-usage', {
        title: 'Calls by key',
        draw: (answer) => topBars(answer.rows, 'key', 'calls', 'calls'),
      }),
      analysisPanel('findings', { title: 'What would save most', wide: true }),
      analysisPanel('detections', { title: 'What looks wrong', wide: true }),
    ),
  ];
}

export function grid(...panels: (Node | null)[]): HTMLElement {
  return h('div', { class: 'grid' }, ...panels);
}

function noData(): HTMLElement {
  return h(
    'section',
    { class: 'panel wide' },
    h('h2', {}, 'There are no KMS calls in this database'),
    h(
      'p',
      {},
      'Ingest a trail: keymeter ingest s3://bucket/prefix --db FILE, or a directory of log files.',
    ),
    h(
      'p',
      {},
      h('a', { href: addressOf({ path: '/coverage' }), 'data-nav': true }, 'Coverage'),
      ' says what was read and why anything was left out.',
    ),
  );
}

interface TileSpec {
  analysis: string;
  label: string;
  params?: Params;
  /** The number and the sentence under it. */
  read: (rows: Row[]) => {
    value: number | null;
    text: string;
    detail: string;
    to: Change;
    bad?: boolean;
  };
}

const sum = (rows: readonly Row[], column: string) =>
  rows.reduce((total, row) => total + Number(row[column] ?? 0), 0);

const daily: Params = { bin: 'day', limit: '100000' };

const tileSpecs: readonly TileSpec[] = [
  {
    analysis: 'call-rates',
    label: 'KMS calls',
    params: daily,
    read: (rows) => {
      const calls = sum(rows, 'calls');
      const detail = `on ${numberText(rows.length)} days`;
      return { value: calls, text: numberText(calls), detail, to: { path: '/capacity' } };
    },
  },
  {
    analysis: 'call-rates',
    label: 'Busiest second',
    params: daily,
    read: (rows) => {
      const top = rows.reduce<Row | undefined>(
        (a, b) =>
          a && Number(a['calls_per_second_peak']) >= Number(b['calls_per_second_peak']) ? a : b,
        undefined,
      );
      if (!top) return { value: null, text: '–', detail: 'no calls', to: {} };
      const peak = Number(top['calls_per_second_peak']);
      const at = String(top['peak_at']);
      const around = (s: number) => new Date(Date.parse(at) + s * 1000).toISOString();
      return {
        value: peak,
        text: `${numberText(peak)}/s`,
        detail: `at ${instantText(at)}, all accounts and Regions`,
        to: { path: '/capacity', from: around(-60), to: around(60), selection: { at } },
      };
    },
  },
  {
    analysis: 'call-rates',
    label: 'Throttled calls',
    params: daily,
    read: (rows) => {
      const throttled = sum(rows, 'throttled_calls');
      return {
        value: throttled,
        text: numberText(throttled),
        detail: 'a lower bound: not every refusal is logged',
        to: { path: '/capacity' },
        bad: throttled > 0,
      };
    },
  },
];

/** Tiles of what the server can answer; others join as their analyses exist. */
function tiles(): Node[] {
  return [...tileSpecs, ...moreTiles].filter((spec) => analysisInfo(spec.analysis)).map(tile);
}

export const moreTiles: TileSpec[] = [];

function tile(spec: TileSpec): HTMLElement {
  const number = h('strong', {}, '…');
  const detail = h('small', {}, '');
  const element = h(
    'a',
    { class: 'tile', href: '#', 'data-nav': true },
    h('span', {}, spec.label),
    number,
    detail,
  );
  element.dataset['tile'] = spec.label;
  const { params } = panelParams(spec.analysis, spec.params);
  runAny(spec.analysis, params).then(
    ({ rows }) => {
      const made = spec.read(rows);
      replace(number, made.text);
      replace(detail, made.detail);
      element.href = addressOf(made.to);
      element.dataset['state'] = 'ready';
      element.classList.toggle('bad', made.bad === true);
    },
    (error: unknown) => {
      replace(number, '–');
      replace(detail, error instanceof Error ? error.message : 'no answer');
      element.dataset['state'] = 'failed';
    },
  );
  return element;
}
