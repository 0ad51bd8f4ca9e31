import { expect, test } from 'vitest';
import rule from '../../../analytics/detections/blindness.ts';
import { event } from '../../support/events.ts';
import { findings } from '../../support/findings.ts';
import { relatedEvent } from '../../support/related.ts';

const trail = (event_name: string, request: object = {}, more: object = {}) =>
  relatedEvent({
    event_source: 'cloudtrail.amazonaws.com',
    event_name,
    resource_arn: 'arn:t',
    request_parameters: JSON.stringify(request),
    ...more,
  });
const selectors = (selector: object) =>
  trail('PutEventSelectors', {
    trailName: 't',
    eventSelectors: [
      {
        readWriteType: 'All',
        includeManagementEvents: true,
        excludeManagementEventSources: [],
        ...selector,
      },
    ],
  });

test.each([
  ['stopped', trail('StopLogging')],
  ['deleted', trail('DeleteTrail')],
  ['one Region only', trail('UpdateTrail', { isMultiRegionTrail: false })],
  ['leave out KMS', selectors({ excludeManagementEventSources: ['kms.amazonaws.com'] })],
  [
    'leave out KMS',
    trail('PutEventSelectors', {
      advancedEventSelectors: [
        { fieldSelectors: [{ field: 'eventSource', notEquals: ['kms.amazonaws.com'] }] },
      ],
    }),
  ],
  ['only writes', selectors({ readWriteType: 'WriteOnly' })],
  ['only reads', selectors({ readWriteType: 'ReadOnly' })],
  ['no management events', selectors({ includeManagementEvents: false })],
])('fires on a trail that is told: %s', async (words, related) => {
  // The same event from two trails is one finding.
  const rows = await findings(rule, [event()], {}, [related, related]);
  expect(rows).toMatchObject([
    { rule_id: 'KMS-12', severity: 'high', evidence_event_ids: [related.event_id] },
  ]);
  expect(rows[0]!['finding']).toContain(words);
});

test('is silent on whole trails, starts, refused stops and harmless updates', async () => {
  const related = [
    selectors({}),
    trail('StartLogging'),
    trail('StopLogging', {}, { error_code: 'AccessDenied' }),
    trail('UpdateTrail', { name: 't', s3BucketName: 'b' }),
  ];
  expect(await findings(rule, [event()], {}, related)).toEqual([]);
});
