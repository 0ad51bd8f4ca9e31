import type { Row } from '../api-client.ts';
import { block } from '../block.ts';
import { cardList } from '../card-list.ts';
import { copyText } from '../copy-text.ts';
import { h } from '../dom.ts';
import { evidenceList } from '../evidence.ts';
import { counted, instantText, numberText, percentText, withNames } from '../format.ts';
import { link } from '../links.ts';
import { analysisPanel } from '../panel.ts';
import { ask } from '../params.ts';
import { go, state } from '../state.ts';
import { capacityEvidence } from './capacity-evidence.ts';
import { fullestPicture, fullestSentence, placeOf, secondsAround } from './quota-views.ts';
import { secondPanel } from './second.ts';

/** How near each quota is, when it is full, and what to ask AWS for. */
export function capacityPage(): Node[] {
  const { quota } = state().selection;
  const second = secondPanel();
  return [
    block(
      { name: 'answer', class: 'answer', waiting: 'the worst second of each quota' },
      async (waits) => {
        const answer = await ask('quota-utilisation', { quota }, waits);
        return [
          h('p', { class: 'sentence' }, ...fullestSentence(answer.rows)),
          fullestPicture(answer, (row) => {
            const { filters, selection } = secondsAround(row, String(row['accepted_peak_at']));
            go({ filters: filters ?? {}, selection: { ...selection, at: undefined } });
          }),
        ];
      },
    ),
    ...(second ? [second] : []),
    block(
      {
        name: 'requests',
        heading: 'What to ask AWS for',
        class: 'block',
        waiting: 'values to ask for, with their evidence',
      },
      async (waits) => {
        const answer = await ask('quota-request', { quota }, waits);
        const raise = answer.rows.filter(
          (row) => Number(row['desired_value']) > Number(row['current_value']),
        );
        if (raise.length === 0) {
          return [
            h(
              'p',
              { class: 'empty' },
              `Nothing: no quota needs a higher value${answer.rows.length > 0 ? `; ${counted(answer.rows.length, 'quota')} came to half of it or more` : ''}.`,
            ),
          ];
        }
        return [cardList(raise, requestCard, requests_shown)];
      },
    ),
    block(
      {
        name: 'when-full',
        heading: 'How full, and when full',
        class: 'block',
        waiting: 'the forecast of each account and Region',
      },
      async () => {
        const panel = analysisPanel('quota-forecast', {
          title: 'Per account and Region',
          params: { quota },
          empty: 'Too little history, or no quota of these calls is known.',
        });
        return Promise.resolve([panel]);
      },
    ),
    evidenceList('Evidence', capacityEvidence()),
  ];
}

const requests_shown = 4;

function requestCard(row: Row): HTMLElement {
  const at = String(row['peak_at']);
  const now = Number(row['current_value']);
  const wanted = Number(row['desired_value']);
  const button = h(
    'button',
    {
      type: 'button',
      onclick: () =>
        void copyText(requestText(row), 'The request, ready to send').then((done) => {
          button.textContent = done ? 'Copied' : 'Shown';
        }),
    },
    'Copy request text',
  );
  return h(
    'li',
    { 'data-request': String(row['quota_id']) },
    h(
      'h3',
      {},
      `Raise ${String(row['quota_name'])} from ${numberText(now)} to `,
      h('strong', {}, `${numberText(wanted)} calls/s`),
    ),
    h('p', { class: 'muted' }, placeOf(row)),
    h(
      'p',
      {},
      `Peak ${numberText(Number(row['peak_calls']))} calls (${percentText(Number(row['peak_percent']))}) at `,
      link(secondsAround(row, at), instantText(at), { title: 'The seconds around the peak' }),
      `; ${numberText(Number(row['throttled_calls']))} throttled. ${row['adjustable'] === false ? 'AWS does not raise this quota.' : ''}`,
    ),
    h(
      'dl',
      {},
      ...(['cause', 'trend', 'reduced'] as const).flatMap((name) => [
        h('dt', {}, { cause: 'Cause', trend: 'Trend', reduced: 'Already reduced' }[name]),
        h('dd', { title: String(row[name]) }, withNames(String(row[name]))),
      ]),
    ),
    h(
      'p',
      { class: 'buttons' },
      button,
      link(secondsAround(row, at), 'Show the worst second', { class: 'button' }),
    ),
  );
}

/** What a support case needs, as plain text. */
function requestText(row: Row): string {
  const value = (name: string) => String(row[name] ?? 'unknown');
  return [
    `Quota: ${value('quota_name')} (${value('quota_code')}), account ${value('caller_account_id')}, ${value('region')}`,
    `Value now: ${value('current_value')} calls/s (${value('current_basis')}). Value asked for: ${value('desired_value')} calls/s.`,
    `Peak: ${value('peak_calls')} calls in the second of ${value('peak_at')} (${value('peak_percent')} % of the value).`,
    `Throttled calls in the log (a lower bound): ${value('throttled_calls')}. Time at 80 % or more: ${value('seconds_80_percent')} s.`,
    `Trend: ${value('trend')}.`,
    `Cause: ${value('cause')}.`,
    `Already reduced: ${value('reduced')}.`,
  ].join('\n');
}
