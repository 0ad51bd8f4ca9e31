import { topBars } from '../charts/bars.ts';
import { binFor, ratesChart } from '../charts/rates.ts';
import { h } from '../dom.ts';
import { chosenRange, extent } from '../extent.ts';
import { analysisPanel } from '../panel.ts';
import { addressOf } from '../state.ts';
import { detectionCell, detectionColumns } from './detections.ts';
import { findingCards } from './findings.ts';
import { tiles } from './tiles.ts';

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
      analysisPanel('findings', {
        title: 'What would save most',
        wide: true,
        draw: (answer) => findingCards(answer.rows.slice(0, 3)),
        empty: 'No saving of 50 calls or more is provable in this range.',
      }),
      analysisPanel('detections', {
        title: 'What looks wrong',
        wide: true,
        columns: detectionColumns.slice(0, 8),
        cell: detectionCell,
        empty: 'No detection fires in this range.',
      }),
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
