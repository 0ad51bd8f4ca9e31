import { allAnalyses, analysisInfo } from '../api-client.ts';
import { block } from '../block.ts';
import { h } from '../dom.ts';
import { evidenceList, type Evidence } from '../evidence.ts';
import { analysisPanel } from '../panel.ts';
import { ask } from '../params.ts';
import { state } from '../state.ts';
import { accessMap } from './access.ts';
import { detectionList, detectionPicture, detectionSentence } from './detections.ts';
import { investigation, subjectOfPage } from './investigation.ts';
import { searchBox } from './search-box.ts';

/** What looks wrong, and what anyone did with anything. */
export function securityPage(): Node[] {
  const subject = subjectOfPage();
  if (subject) return [searchBox(subject.value), ...investigation(subject)];
  const findings = h('div');
  const answer = h('div');
  const show = () => {
    const asked = Promise.all([ask('detections', { limit: '10000' }), ask('detection-rules')]);
    answer.replaceChildren(
      block({ name: 'answer', class: 'answer', waiting: 'what the rules find' }, async () => {
        const [found, rules] = await asked;
        return [
          h('p', { class: 'sentence' }, ...detectionSentence(found.rows, rules.rows)),
          detectionPicture(found),
        ];
      }),
    );
    findings.replaceChildren(
      block(
        {
          name: 'findings',
          heading: 'What to look at, most severe first',
          waiting: 'what the rules find',
        },
        async () => {
          const [found] = await asked;
          return [detectionList(found.rows, show)];
        },
      ),
    );
  };
  show();
  return [searchBox(), answer, findings, evidenceList('Evidence', securityEvidence())];
}

function securityEvidence(): Evidence[] {
  const of = (name: string) => analysisInfo(name)?.question ?? '';
  const one = (name: string, title = analysisInfo(name)?.title ?? name): Evidence => ({
    name,
    title,
    question: of(name),
    panel: () => [analysisPanel(name)],
  });
  const rules = allAnalyses().filter(
    ({ topic, name }) =>
      topic === 'detections' && !['detections', 'detection-rules'].includes(name),
  );
  const { selection } = state();
  return [
    {
      name: 'rules',
      title: `The ${rules.length} rules`,
      question: 'What each rule found, and which could not be judged.',
      panel: () => [analysisPanel('detection-rules'), analysisPanel('detections')],
    },
    {
      name: 'access',
      title: 'Who uses which key',
      question: of('access-matrix'),
      panel: () => [analysisPanel('access-matrix', { draw: accessMap, params: selection })],
    },
    one('denied-access', 'What was denied'),
    one('policy-changes', 'Changes of key policies'),
    one('grants', 'Grants'),
    one('deletion-risk', 'Keys being deleted or disabled'),
    one('cross-account', 'Across accounts'),
    one('first-seen', 'What is new'),
  ].filter(({ name }) => analysisInfo(name) !== undefined || ['rules', 'access'].includes(name));
}
