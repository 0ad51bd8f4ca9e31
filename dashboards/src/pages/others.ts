import { allAnalyses, type AnalysisInfo } from '../api-client.ts';
import { h } from '../dom.ts';
import { analysisPanel } from '../panel.ts';
import { addressOf } from '../state.ts';

/** Panels of a topic's analyses that the page has no place for yet: new ones show by themselves. */
export function otherPanels(topics: readonly string[], shown: readonly string[]): Node[] {
  return allAnalyses()
    .filter((info) => topics.includes(info.topic) && !shown.includes(info.name))
    .map((info) => analysisPanel(info.name, { wide: isWide(info) }))
    .filter((panel) => panel !== null);
}

/** More columns than half a page shows. */
function isWide(info: AnalysisInfo): boolean {
  return Object.keys(info.row.properties).length > 7;
}

/** Links to questions; to all of them unless some are given. */
export function questionList(infos: readonly AnalysisInfo[] = allAnalyses()): HTMLElement {
  return h(
    'ul',
    { class: 'questions' },
    ...infos.map((info) =>
      h(
        'li',
        {},
        h(
          'a',
          {
            href: addressOf({ path: '/explore', selection: { analysis: info.name } }),
            'data-nav': true,
          },
          info.title,
        ),
        h('span', { class: 'muted' }, ` ${info.question}`),
      ),
    ),
  );
}
