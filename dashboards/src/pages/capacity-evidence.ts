import { analysisInfo } from '../api-client.ts';
import type { Evidence } from '../evidence.ts';
import { instantText } from '../format.ts';
import { link } from '../links.ts';
import { analysisPanel } from '../panel.ts';
import { state } from '../state.ts';
import { forecastPanel } from './forecast.ts';
import { secondsAround } from './quota-views.ts';
import { groupBars, ratesPanel } from './second.ts';
import { whatIfPanel } from './what-if.ts';

/** What lies behind the answer of the Capacity page. */
export function capacityEvidence(): Evidence[] {
  const { quota } = state().selection;
  const usage = (['service', 'principal', 'key'] as const).map((by): Evidence => ({
    name: `by-${by}`,
    title: `Calls by ${by}`,
    question: analysisInfo(`${by}-usage`)?.question ?? '',
    panel: () => [analysisPanel(`${by}-usage`, { draw: (answer) => groupBars(answer.rows, by) })],
  }));
  return [
    {
      name: 'rates',
      title: 'Calls per second',
      question: 'When were the busiest seconds? Zoom in to single seconds.',
      panel: () => [ratesPanel()],
    },
    {
      name: 'throttling',
      title: 'Throttling',
      question: 'When were calls refused, and who had the quota then?',
      panel: () => [
        analysisPanel('throttle-hotspots', {
          title: 'Bursts of throttled seconds',
          params: { quota },
          empty:
            'No throttled call in this range. CloudTrail does not log every refusal, so this is no proof.',
          cell: (column, row) =>
            column === 'started_at'
              ? link(
                  secondsAround(row, String(row['started_at'])),
                  instantText(String(row['started_at'])),
                  { title: 'The seconds of this burst' },
                )
              : undefined,
        }),
        analysisPanel('throttle-contributors', { params: { quota } }),
        analysisPanel('retry-storms', { params: { quota } }),
        analysisPanel('suspected-throttling', { params: { quota } }),
      ],
    },
    {
      name: 'contributors',
      title: 'Who fills the quotas',
      question: analysisInfo('quota-contributors')?.question ?? '',
      panel: () => [analysisPanel('quota-contributors', { params: { quota } })],
    },
    {
      name: 'all-quotas',
      title: 'All quotas in use',
      question: analysisInfo('quota-utilisation')?.question ?? '',
      panel: () => [analysisPanel('quota-utilisation', { params: { quota } })],
    },
    {
      name: 'forecast',
      title: 'Forecast',
      question: 'How does the busiest second of each day grow?',
      panel: () => [forecastPanel()],
    },
    {
      name: 'what-if',
      title: 'What if',
      question: analysisInfo('quota-what-if')?.question ?? '',
      panel: () => [whatIfPanel()],
    },
    ...usage,
    {
      name: 'hot-keys',
      title: 'Hot keys',
      question: analysisInfo('hot-keys')?.question ?? '',
      panel: () => [analysisPanel('hot-keys')],
    },
  ];
}
