import { marksDrawing } from '../../../charts/marks.ts';
import type { Answer, Row } from '../api-client.ts';
import { chart } from '../charts/chart.ts';
import { cardList } from '../card-list.ts';
import { h } from '../dom.ts';
import { showEvent } from '../drawer.ts';
import { counted, instantText, nameOf, numberText, withNames } from '../format.ts';
import { filterLink } from '../links.ts';
import { decisionControls } from './decisions.ts';
import { changeTo } from './subject.ts';
import { addressOf } from '../state.ts';

export const severities = ['critical', 'high', 'medium', 'low'] as const;

/** What was seen: a verdict that was reached, or events over a threshold that no past could be compared with. */
const seen = (row: Row) => row['verdict'] === 'found' || Number(row['events']) > 0;

/** Findings that nobody has decided about, or whose decision only acknowledges them. */
const openRows = (rows: readonly Row[]): Row[] =>
  rows.filter((row) => row['decision'] !== 'suppressed' && seen(row));

/** The state of the rules in one sentence: found beside not judged. */
export function detectionSentence(rows: readonly Row[], rules: readonly Row[]): Node[] {
  const open = openRows(rows);
  const bySeverity = severities.flatMap((severity) => {
    const count = open.filter((row) => row['severity'] === severity).length;
    return count > 0 ? [`${numberText(count)} ${severity}`] : [];
  });
  const notJudged = rules.filter((rule) => rule['state'] === 'not judged').length;
  const partly = new Set(
    rows.filter((row) => row['verdict'] === 'not_judged').map((row) => row['rule']),
  ).size;
  const judged = rules.length - notJudged;
  const suppressed = rows.filter((row) => row['decision'] === 'suppressed').length;
  return [
    h(
      'span',
      {},
      h('strong', { 'data-figure': 'detections' }, counted(open.length, 'finding')),
      bySeverity.length > 0 ? `: ${bySeverity.join(', ')}. ` : '. ',
      `${counted(judged, 'rule was', 'rules were')} judged, `,
      h('b', { 'data-figure': 'not-judged' }, `${numberText(notJudged)} not judged`),
      partly > 0
        ? `; ${counted(partly, 'rule lacks', 'rules lack')} history of some accounts to compare with`
        : '',
      suppressed > 0 ? `; ${counted(suppressed, 'finding is', 'findings are')} suppressed` : '',
      '.',
    ),
  ];
}

/** When each rule found something, coloured by severity. */
export function detectionPicture(answer: Answer): HTMLElement | undefined {
  const marks = openRows(answer.rows).map((row) => ({
    at: String(row['first_at']),
    line: String(row['rule']),
    kind: String(row['severity']),
    count: Number(row['events']),
    detail: [String(row['finding']), String(row['principal_arn'] ?? '')],
    id: String((row['evidence_event_ids'] as string[] | null)?.[0] ?? ''),
  }));
  const drawing = marksDrawing(marks, 'events', severities);
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

interface Group {
  rule: string;
  principal: string | null;
  rows: Row[];
}

/** Findings of one rule and principal together, in the order of the most severe and newest. */
function grouped(rows: readonly Row[]): Group[] {
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const principal = typeof row['principal_arn'] === 'string' ? row['principal_arn'] : null;
    const id = `${String(row['rule'])} ${principal ?? ''}`;
    const group = groups.get(id) ?? { rule: String(row['rule']), principal, rows: [] };
    group.rows.push(row);
    groups.set(id, group);
  }
  return [...groups.values()];
}

const groups_shown = 8;

export function detectionList(rows: readonly Row[], changed: () => void): HTMLElement {
  const open = grouped(openRows(rows));
  const suppressed = rows.filter((row) => row['decision'] === 'suppressed' && seen(row));
  const cards = (groups: readonly Group[]) =>
    cardList(groups, (group) => card(group, changed), groups_shown);
  return h(
    'div',
    {},
    open.length > 0 ? cards(open) : h('p', { class: 'empty' }, 'No finding is open in this range.'),
    suppressed.length > 0 &&
      h(
        'details',
        {},
        h('summary', {}, counted(suppressed.length, 'suppressed finding')),
        cards(grouped(suppressed)),
      ),
  );
}

const rows_shown = 3;

function card({ rule, principal, rows }: Group, changed: () => void): HTMLElement {
  const first = rows[0]!;
  const severity = String(first['severity']);
  const rest = rows.length - rows_shown;
  return h(
    'li',
    { 'data-rule': rule, 'data-severity': severity },
    h(
      'h3',
      {},
      h('span', { class: `severity ${severity.replace(/[^a-z]/g, '')}` }, severity),
      ` ${rule.replaceAll('-', ' ')} `,
      h('span', { class: 'muted' }, counted(rows.length, 'finding')),
    ),
    principal !== null &&
      h(
        'p',
        {},
        h(
          'a',
          {
            href: addressOf(changeTo({ kind: 'principal', value: principal })),
            'data-nav': true,
            title: `Investigate ${principal}`,
          },
          nameOf(principal),
        ),
      ),
    h('ul', { class: 'findings' }, ...rows.slice(0, rows_shown).map(findingLine)),
    rest > 0 &&
      h(
        'details',
        {},
        h('summary', {}, `${numberText(rest)} more`),
        h('ul', { class: 'findings' }, ...rows.slice(rows_shown).map(findingLine)),
      ),
    decisionControls(first, rows, changed),
  );
}

function findingLine(row: Row): HTMLElement {
  const ids = Array.isArray(row['evidence_event_ids']) ? row['evidence_event_ids'].map(String) : [];
  return h(
    'li',
    {},
    h('span', { class: 'number' }, instantText(String(row['first_at']))),
    ` ${withNames(String(row['finding']))} `,
    typeof row['key'] === 'string' ? filterLink('key', row['key']) : null,
    ' ',
    ids[0] !== undefined &&
      h(
        'button',
        {
          type: 'button',
          class: 'link',
          title: `Open event ${ids[0]}`,
          onclick: () => void showEvent({ event_id: ids[0]! }),
        },
        `${counted(Number(row['events']), 'event')}`,
      ),
  );
}
