import { analysisInfo, runAny, type Params, type Row } from '../api-client.ts';
import { h, replace } from '../dom.ts';
import { instantText, numberText, usd, valueText } from '../format.ts';
import { panelParams } from '../params.ts';
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
  read: (rows: Row[], notes: string[]) => Reading;
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

const billTotal = (rows: readonly Row[]) =>
  rows.find((row) => row['account_id'] === '(all)' && row['line'] === 'total');

const usdRange = (low: number, high: number) =>
  usd(low) === usd(high) ? usd(low) : `${usd(low)} to ${usd(high)}`;

const daily: Params = { bin: 'day', limit: '100000' };

const specs: readonly TileSpec[] = [
  {
    analysis: 'call-rates',
    label: 'KMS calls',
    params: daily,
    read: (rows) => ({
      text: numberText(sum(rows, 'calls')),
      detail: `on ${numberText(rows.length)} days`,
      to: { path: '/capacity' },
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
    analysis: 'quota-utilisation',
    label: 'Highest quota use',
    read: (rows) => {
      const top = largest(rows, 'utilisation_peak_percent');
      if (!top)
        return { text: '–', detail: 'no quota of these calls is known', to: { path: '/capacity' } };
      const percent = Number(top['utilisation_peak_percent']);
      const account = String(top['caller_account_id'] ?? '');
      const region = String(top['region'] ?? '');
      return {
        text: valueText(percent, '%'),
        detail: `${String(top['quota_id'])}, ${account} ${region}`,
        to: { path: '/capacity', filters: { account, region } },
        bad: percent >= 80,
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
        to: { path: '/capacity' },
        bad: throttled > 0,
      };
    },
  },
  {
    analysis: 'bill',
    label: 'KMS bill',
    read: (rows) => {
      const total = billTotal(rows);
      if (!total) return { text: '–', detail: 'nothing priced', to: { path: '/cost' } };
      const isMonth = total['before_usd_monthly'] !== null;
      const [low, high] = isMonth
        ? [total['before_usd_monthly'], total['before_high_usd_monthly']]
        : [total['before_usd'], total['before_high_usd']];
      return {
        text: usdRange(Number(low), Number(high)),
        detail: `${isMonth ? 'a month' : 'in the range; too short for a month'}: requests, keys and trail copies less the free tier`,
        to: { path: '/cost' },
      };
    },
  },
  {
    analysis: 'bill',
    label: 'Saved by the findings',
    read: (rows) => {
      const total = billTotal(rows);
      if (!total) return { text: '–', detail: 'nothing priced', to: { path: '/cost' } };
      const isMonth = total['saving_usd_monthly'] !== null;
      const saving = Number(total[isMonth ? 'saving_usd_monthly' : 'saving_usd']);
      const once = Number(total['one_time_cost_usd']);
      return {
        text: usd(saving),
        detail: `${isMonth ? 'a month' : 'in the range'}, net of the free tier${once > 0 ? `; costs ${usd(once)} once` : ''}`,
        to: { path: '/cost' },
      };
    },
  },
  {
    analysis: 'detections',
    label: 'Detections',
    read: (rows) => {
      const found = rows.filter((row) => row['verdict'] === 'found');
      const grave = rows.filter(
        (row) =>
          Number(row['events']) > 0 &&
          (row['severity'] === 'critical' || row['severity'] === 'high'),
      );
      const unjudged = rows.length - found.length;
      return {
        text: numberText(found.length),
        detail: `${numberText(grave.length)} high or critical${unjudged > 0 ? `; ${numberText(unjudged)} not judged for want of history` : ''}`,
        to: { path: '/security' },
        bad: grave.length > 0,
      };
    },
  },
  {
    analysis: 'coverage',
    label: 'Days without records',
    params: { limit: '100000' },
    read: (rows) => {
      const missing = sum(rows, 'days_missing_before');
      return {
        text: numberText(missing),
        detail: 'between days with records, all accounts and Regions: unknown, not zero',
        to: { path: '/coverage' },
      };
    },
  },
];

/** One number for each question that the server can answer, each a link to its page. */
export function tiles(): Node[] {
  return specs.filter((spec) => analysisInfo(spec.analysis)).map(tile);
}

function tile(spec: TileSpec): HTMLElement {
  const number = h('strong', {}, '…');
  const detail = h('small', {}, '');
  const label = h('span', {}, spec.label);
  const element = h('a', { class: 'tile', href: '#', 'data-nav': true }, label, number, detail);
  element.dataset['tile'] = spec.label;
  const { params } = panelParams(spec.analysis, spec.params);
  const waiting = () => {
    replace(detail, 'being computed');
    return element.isConnected;
  };
  runAny(spec.analysis, params, undefined, waiting).then(
    ({ rows, notes, truncated }) => {
      const made = spec.read(rows, notes);
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
