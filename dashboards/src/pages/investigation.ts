import { marksDrawing } from '../../../charts/marks.ts';
import { analysisInfo, analysisPath, type Answer, type Params } from '../api-client.ts';
import { actionButton } from '../action-button.ts';
import { block } from '../block.ts';
import { chart } from '../charts/chart.ts';
import { h } from '../dom.ts';
import { download } from '../download.ts';
import { showEvent } from '../drawer.ts';
import { evidenceList, type Evidence } from '../evidence.ts';
import { counted, instantText, nameOf, numberText } from '../format.ts';
import { link } from '../links.ts';
import { analysisPanel, answerNodes } from '../panel.ts';
import { ask, panelParams } from '../params.ts';
import { reportFile } from '../report-menu.ts';
import { state } from '../state.ts';
import { accessMap } from './access.ts';
import type { Subject } from './subject.ts';

/** What the address of the Security page follows; a principal comes before the key that it used. */
export function subjectOfPage(): Subject | undefined {
  const { filters, selection } = state();
  for (const kind of ['principal', 'key', 'bucket'] as const) {
    if (filters[kind] !== undefined) return { kind, value: filters[kind] };
  }
  for (const kind of ['source', 'session', 'access_key'] as const) {
    if (selection[kind] !== undefined) return { kind, value: selection[kind] };
  }
  return undefined;
}

const timelineOf = (kind: Subject['kind']) =>
  kind === 'principal' || kind === 'key' ? `${kind}-timeline` : 'source-timeline';

const words: Readonly<Record<Subject['kind'], string>> = {
  key: 'key',
  principal: 'principal',
  bucket: 'bucket',
  source: 'address',
  session: 'session',
  access_key: 'access key',
  event: 'event',
};

/** What one subject did: when first and from where, in order, which objects, what else, what is missing. */
export function investigation(subject: Subject): Node[] {
  const { kind, value } = subject;
  const own: Params = { [kind]: value };
  const timeline = timelineOf(kind);
  return [
    block(
      { name: 'answer', class: 'answer', waiting: `what the ${words[kind]} did, in order` },
      async (waits) => {
        const answer = await ask(timeline, { ...own, limit: '100000' }, waits);
        return [
          h('p', { class: 'sentence' }, ...sentence(subject, answer)),
          timelinePicture(answer),
          missing(answer),
          h(
            'p',
            { class: 'buttons' },
            handOver(subject, timeline, own),
            link(
              {
                filters: { key: undefined, principal: undefined, bucket: undefined },
                selection: { source: undefined, session: undefined, access_key: undefined },
              },
              'All findings',
              { class: 'button' },
            ),
          ),
        ];
      },
    ),
    evidenceList('Evidence', investigationEvidence(subject, timeline, own)),
  ];
}

/** The facts as one file: an evidence pack of a principal or key, else the rows of the timeline. */
function handOver({ kind }: Subject, timeline: string, own: Params): HTMLElement {
  if (kind === 'principal' || kind === 'key') {
    return actionButton(
      'Download evidence pack',
      reportFile('security', 'evidence', 'evidence.json'),
    );
  }
  return actionButton('Download the timeline as CSV', async () => {
    const { params } = panelParams(timeline, { ...own, limit: '100000', format: 'csv' });
    await download(
      analysisPath(timeline, { ...params, format: 'csv' }),
      `keymeter-${timeline}.csv`,
    );
    return 'Downloaded.';
  });
}

function sentence({ kind, value }: Subject, { rows, truncated }: Answer): Node[] {
  const name = h('b', { title: value }, nameOf(value));
  if (rows.length === 0) {
    return [
      h(
        'span',
        {},
        `No event of the ${words[kind]} `,
        name,
        ' is in the logs that were read in this range; that does not prove that there was none.',
      ),
    ];
  }
  const first = rows.reduce((a, b) => (String(b['first_at']) < String(a['first_at']) ? b : a));
  const last = rows.reduce((a, b) => (String(b['last_at']) > String(a['last_at']) ? b : a));
  const calls = rows
    .filter((row) => row['event_source'] === 'kms.amazonaws.com')
    .reduce((sum, row) => sum + Number(row['calls']), 0);
  const denied = rows.filter((row) => row['outcome'] === 'denied').length;
  const from = String(first['caller_source'] ?? 'an unknown address');
  return [
    h(
      'span',
      {},
      `The ${words[kind]} `,
      name,
      ': ',
      h(
        'strong',
        { 'data-figure': 'calls' },
        `${truncated ? 'more than ' : ''}${counted(calls, 'KMS call')}`,
      ),
      ', first at ',
      h('b', { 'data-figure': 'first' }, instantText(String(first['first_at']))),
      ' from ',
      h('b', { 'data-figure': 'from' }, from),
      `, last at ${instantText(String(last['last_at']))}; ${denied === 0 ? 'no run of calls was denied' : counted(denied, 'run of calls was denied', 'runs of calls were denied')}.`,
    ),
  ];
}

/** Events over time, a line an operation; a click opens the first event. */
function timelinePicture({ rows }: Answer): HTMLElement | undefined {
  const marks = rows.map((row) => ({
    at: String(row['first_at']),
    line: String(row['operation']),
    kind: String(row['outcome']),
    count: Number(row['events']),
    detail: [
      String(row['principal_arn'] ?? ''),
      String(row['key'] ?? ''),
      String(row['caller_source'] ?? ''),
    ],
    id: String(row['event_id']),
  }));
  const drawing = marksDrawing(marks, 'events');
  return (
    drawing &&
    chart(drawing, {
      onclick: ({ data }) => {
        const id = (data as { mark?: { id?: string } }).mark?.id;
        if (id) void showEvent({ event_id: id });
      },
    })
  );
}

/** Gaps in what was read: what happened then is not known. */
function missing({ notes }: Answer): HTMLElement {
  const gaps = notes.filter((note) => note.startsWith('Coverage'));
  return h(
    'div',
    { class: 'missing', 'data-figure': 'missing' },
    h('h3', {}, 'What is missing'),
    gaps.length > 0
      ? h('ul', {}, ...gaps.map((gap) => h('li', {}, gap.replace(/^Coverage: /, ''))))
      : h('p', {}, 'No gap is known in this range.'),
    link({ path: '/coverage' }, 'Coverage by account, Region and day'),
  );
}

function investigationEvidence(subject: Subject, timeline: string, own: Params): Evidence[] {
  const { kind } = subject;
  const of = (name: string) => analysisInfo(name)?.question ?? '';
  const reach = kind !== 'key' && kind !== 'bucket';
  const parts: (Evidence | false)[] = [
    {
      name: 'timeline',
      title: 'Timeline',
      question: of(timeline),
      panel: () => [analysisPanel(timeline, { params: own })],
    },
    reach && {
      name: 'objects',
      title: 'Which objects',
      question: of('blast-radius'),
      panel: () => [reachBlock(own)],
    },
    (kind === 'key' || kind === 'principal') && {
      name: 'access',
      title: kind === 'key' ? 'Who used it' : 'Which keys',
      question: of('access-matrix'),
      panel: () => [analysisPanel('access-matrix', { params: own, draw: accessMap })],
    },
    (kind === 'key' || kind === 'principal') && {
      name: 'origins',
      title: 'Origins behind services',
      question: of('origins'),
      panel: () => [analysisPanel('origins', { params: own })],
    },
    (kind === 'key' || kind === 'principal') && {
      name: 'denied',
      title: 'What was denied',
      question: of('denied-access'),
      panel: () => [analysisPanel('denied-access', { params: own })],
    },
    kind === 'key' && {
      name: 'changes',
      title: 'Changes of the key',
      question: of('key-lifecycle'),
      panel: () => [
        analysisPanel('key-lifecycle', { params: own }),
        analysisPanel('policy-changes', { params: own }),
        analysisPanel('grants', { params: own }),
        analysisPanel('deletion-risk', { params: own }),
        analysisPanel('alias-history', { params: own }),
      ],
    },
  ];
  return parts.filter((part) => part !== false);
}

/** What was reached, counted by kind before the table. */
function reachBlock(own: Params): HTMLElement {
  return block({ name: 'reach', waiting: 'what was reached' }, async (waits) => {
    const answer = await ask('blast-radius', { ...own, limit: '100000' }, waits);
    const kinds = [...new Set(answer.rows.map((row) => String(row['kind'])))];
    const counts = kinds.map(
      (kind) =>
        `${numberText(answer.rows.filter((row) => row['kind'] === kind).length)} × ${kind.replaceAll('_', ' ')}`,
    );
    return [
      h(
        'p',
        { 'data-figure': 'reach' },
        counts.length > 0 ? `Reached: ${counts.join(', ')}.` : 'Nothing was reached.',
      ),
      ...answerNodes(answer, analysisInfo('blast-radius')!, { caption: 'Reached' }),
    ];
  });
}
