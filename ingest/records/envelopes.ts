/** How CloudTrail records are wrapped. docs/sources.md shows this table. */
export interface Envelope {
  /** Where the records lie: `[]` is each element of a list. */
  path: string;
  /** Who writes it. */
  writtenBy: string;
}

/**
 * The envelopes that are known, one line a form. A value in one of the lists is counted by itself; all
 * other members are searched for records, as objects and as JSON texts, whatever they are called, so a form
 * that is missing here is read too.
 */
export const envelopes: readonly Envelope[] = [
  {
    path: 'Records[]',
    writtenBy: 'CloudTrail, and "Download events as JSON" of the Event history',
  },
  {
    path: '[]',
    writtenBy: '`aws --query`, `jq -s`, notebooks: a list of records, or of JSON texts',
  },
  { path: 'Events[].CloudTrailEvent', writtenBy: '`aws cloudtrail lookup-events`, boto3' },
  { path: 'QueryResultRows[][].eventJson', writtenBy: '`aws cloudtrail get-query-results`' },
  {
    path: 'logEvents[].message',
    writtenBy: 'a CloudWatch Logs subscription, also through Firehose',
  },
  { path: 'events[].message', writtenBy: '`aws logs filter-log-events`, `get-log-events`' },
  { path: 'results[][].value', writtenBy: '`aws logs get-query-results`' },
  { path: '@message', writtenBy: 'CloudWatch Logs Insights' },
  { path: 'detail', writtenBy: 'EventBridge' },
  { path: 'Message', writtenBy: 'SNS' },
  { path: 'Messages[].Body', writtenBy: '`aws sqs receive-message`' },
  { path: 'Records[].body', writtenBy: 'SQS, as AWS Lambda gets it' },
  { path: 'Records[].Sns.Message', writtenBy: 'SNS, as AWS Lambda gets it' },
  { path: 'result._raw', writtenBy: 'a Splunk search export (`_raw`: Cribl)' },
  { path: 'message', writtenBy: 'Logstash, Vector, Fluent Bit' },
  { path: 'log', writtenBy: 'Fluent Bit, Docker' },
  { path: 'event.original', writtenBy: 'Elastic, also as `_source` of `hits.hits[]`' },
  { path: 'attributes', writtenBy: 'Datadog log archives' },
  { path: 'eventData', writtenBy: 'CloudTrail Lake channels' },
];

/** Members whose elements are counted one by one, from the paths: `Records`, `Events`, ... */
export const listMembers: ReadonlySet<string> = new Set(
  envelopes.flatMap(({ path }) => /^(\w+)\[\]/.exec(path)?.[1] ?? []),
);
