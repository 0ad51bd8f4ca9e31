import type { Row } from '../api-client.ts';
import { block } from '../block.ts';
import { h } from '../dom.ts';
import { usd, withNames } from '../format.ts';
import { ask } from '../params.ts';
import { addressOf } from '../state.ts';
import { billSentence } from './bill-view.ts';
import { detectionSentence } from './detections.ts';
import { fullestSentence } from './quota-views.ts';
import { ratesPanel } from './second.ts';
import { tiles } from './tiles.ts';

/** The three questions, each with its answer; then the numbers that all readers share. */
export function overviewPage(): Node[] {
  const coverage = ask('coverage', { limit: '100000' });
  const rates = block({ name: 'rates', waiting: 'calls per second over the range' }, async () => {
    const { rows } = await coverage;
    return [ratesPanel(new Set(rows.map((row) => String(row['day']).slice(0, 10))))];
  });
  return [
    h(
      'div',
      { class: 'questions-three' },
      card('Cost', '/cost', 'what does KMS cost, and what would cost less?', async (waits) => {
        const { rows } = await ask('bill', {}, waits);
        return billSentence(rows);
      }),
      card('Capacity', '/capacity', 'how near are the request quotas?', async (waits) => {
        const { rows } = await ask('quota-utilisation', {}, waits);
        return fullestSentence(rows);
      }),
      card('Security', '/security', 'what looks wrong?', async (waits) => {
        const [found, rules] = await Promise.all([
          ask('detections', { limit: '10000' }, waits),
          ask('detection-rules', {}, waits),
        ]);
        return detectionSentence(found.rows, rules.rows);
      }),
    ),
    h('div', { class: 'tiles' }, ...tiles()),
    rates,
    block(
      {
        name: 'first-levers',
        heading: 'What would save most',
        waiting: 'what each change would save',
      },
      async (waits) => {
        const { rows } = await ask('findings', {}, waits);
        return [
          rows.length === 0
            ? h('p', { class: 'empty' }, 'No saving of 50 calls or more is provable in this range.')
            : h('ol', { class: 'short-levers' }, ...rows.slice(0, 3).map(leverLine)),
          h('a', { href: addressOf({ path: '/cost' }), 'data-nav': true }, 'All changes, ranked'),
        ];
      },
    ),
  ];
}

function leverLine(row: Row): HTMLElement {
  const monthly = row['saving_usd_monthly'];
  return h(
    'li',
    {},
    typeof monthly === 'number' && monthly > 0 ? h('b', {}, `${usd(monthly)} a month: `) : null,
    withNames(String(row['sentence'])),
  );
}

function card(
  title: string,
  path: string,
  question: string,
  sentence: (waits: () => boolean) => Promise<Node[]>,
): HTMLElement {
  return block(
    {
      name: title.toLowerCase(),
      class: 'block question',
      heading: title,
      controls: [h('a', { href: addressOf({ path }), 'data-nav': true }, `Open ${title}`)],
      waiting: question,
    },
    async (waits) => [h('p', {}, ...(await sentence(waits)))],
  );
}
