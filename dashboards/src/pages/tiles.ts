import { analysisInfo, type Params, type Row, type Waiting } from '../api-client.ts';
import { h, replace } from '../dom.ts';
import { counted, instantText, numberText } from '../format.ts';
import { ask } from '../params.ts';
import { addressOf, type Change } from '../state.ts';

interface Reading {
  text: string;
  detail: string;
  to: Change;
  bad?: boolean;
}

interface TileSpec {
  analysis: string;
  label: string;
  params?: Params;
  /** The number and the sentence under it. */
  read: (rows: Row[]) => Reading;
}

const sum = (rows: readonly Row[], column: string) =>
  rows.reduce((total, row) => total + Number(row[column] ?? 0), 0);

/** The row with the largest number in a column; the first of equals. */
function largest(rows: readonly Row[], column: string): Row | undefined {
  let best: Row | undefined;
  for (const row of rows) {
    if (typeof row[column] !== 'number') continue;
    if (!best || row[column] > Number(best[column])) best = row;
  }
  return best;
}

function around(iso: string, seconds: number): { from: string; to: string } {
  const at = Date.parse(iso);
  return {
    from: new Date(at - seconds * 1000).toISOString(),
    to: new Date(at + seconds * 1000).toISOString(),
  };
}

const daily: Params = { bin: 'day', limit: '100000' };

/** Four, so that rows of four, two or one leave none alone. */
const specs: readonly TileSpec[] = [
  {
    analysis: 'call-rates',
    label: 'KMS calls',
    params: daily,
    read: (rows) => ({
      text: numberText(sum(rows, 'calls')),
      detail: `on ${counted(rows.length, 'day')}`,
      to: { path: '/explore', selection: { analysis: 'service-usage' } },
    }),
  },
  {
    analysis: 'call-rates',
    label: 'Busiest second',
    params: daily,
    read: (rows) => {
      const top = largest(rows, 'calls_per_second_peak');
      if (!top) return { text: '–', detail: 'no calls', to: {} };
      const at = String(top['peak_at']);
      return {
        text: `${numberText(Number(top['calls_per_second_peak']))}/s`,
        detail: `at ${instantText(at)}, all accounts and Regions`,
        to: { path: '/capacity', ...around(at, 60), selection: { at } },
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
        text: numberText(throttled),
        detail: 'a lower bound: not every refusal is logged',
        to: { path: '/capacity', selection: { open: 'throttling' } },
        bad: throttled > 0,
      };
    },
  },
  {
    analysis: 'coverage',
    label: 'Days without records',
    params: { limit: '100000' },
    read: (rows) => ({
      text: numberText(sum(rows, 'days_missing_before')),
      detail: 'between days with records, by account and Region: unknown, not zero',
      to: { path: '/coverage' },
    }),
  },
];

/** One number each, a link to where it comes from. */
export function tiles(): Node[] {
  return specs.filter((spec) => analysisInfo(spec.analysis)).map(tile);
}

function tile(spec: TileSpec): HTMLElement {
  const number = h('strong', {}, '…');
  const detail = h('small', {}, '');
  const label = h('span', {}, spec.label);
  const element = h('a', { class: 'tile', href: '#', 'data-nav': true }, label, number, detail);
  element.dataset['tile'] = spec.label;
  const waiting: Waiting = (progress) => {
    const share = progress === undefined ? '' : ` (${Math.round(100 * progress)} %)`;
    replace(detail, `being computed${share}`);
    return element.isConnected;
  };
  ask(spec.analysis, spec.params, waiting).then(
    ({ rows, truncated }) => {
      const made = spec.read(rows);
      replace(number, truncated ? `≥ ${made.text}` : made.text);
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
