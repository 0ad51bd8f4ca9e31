import { h } from '../dom.ts';
import { commandLine } from '../params.ts';
import { addressOf } from '../state.ts';

/** The one page of a database without events: how to fill it. */
export function emptyPage(): Node[] {
  const command = (source: string) =>
    h('pre', {}, h('code', {}, commandLine(['ingest', source], {})));
  return [
    h(
      'section',
      { class: 'answer', 'data-block': 'empty' },
      h('p', { class: 'sentence' }, 'There are no KMS events in this database yet.'),
      h(
        'p',
        {},
        'Ingest a CloudTrail trail. From S3, with credentials that may list and read the bucket:',
      ),
      command('s3://BUCKET/PREFIX'),
      h('p', {}, 'From files on this computer:'),
      command('DIRECTORY'),
      h('p', {}, 'Or try the demo trail, which is generated on this computer:'),
      h('pre', {}, h('code', {}, 'keymeter up')),
      h(
        'p',
        {},
        'A server that only reads a database shows new events as soon as they are there. ',
        h('a', { href: addressOf({ path: '/coverage' }), 'data-nav': true }, 'Coverage'),
        ' says what was read and why anything was left out.',
      ),
    ),
  ];
}

/** An address of this server that is no page. */
export function unknownPage(path: string): Node[] {
  return [
    h(
      'section',
      { class: 'answer', 'data-block': 'not-found' },
      h('p', { class: 'sentence' }, `There is no page ${path}.`),
      h(
        'p',
        {},
        h('a', { href: '/', 'data-nav': true }, 'Overview'),
        ' has the answers, ',
        h('a', { href: '/explore', 'data-nav': true }, 'Explore'),
        ' every question.',
      ),
    ),
  ];
}
