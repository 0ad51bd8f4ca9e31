import {
  idOf,
  keyArn,
  kmsRecord,
  otherAccount,
  ownAccount,
  type RawKmsRecord,
} from './kms-records.ts';

const isoOf = (second: number) =>
  new Date(Date.UTC(2026, 9, 5, 12, 0, second)).toISOString().replace('.000Z', 'Z');

/** Sorts of records that a mixed trail holds; each is the records of one action. */
const sorts: ((name: string, at: string) => RawKmsRecord[])[] = [
  (name, eventTime) => [kmsRecord(name, { eventTime })],
  (name, eventTime) => [
    kmsRecord(name, {
      eventTime,
      eventName: 'GenerateDataKey',
      requestParameters: {
        keyId: keyArn(1),
        keySpec: 'AES_256',
        encryptionContext: { 'aws:s3:arn': `arn:aws:s3:::bucket/${name}` },
      },
      resources: [{ accountId: ownAccount, type: 'AWS::KMS::Key', ARN: keyArn(1) }],
    }),
  ],
  (name, eventTime) => [
    kmsRecord(name, {
      eventTime,
      errorCode: 'ThrottlingException',
      errorMessage: 'Rate exceeded',
      requestParameters: null,
      resources: undefined,
    }),
  ],
  (name, eventTime) => [kmsRecord(name, { eventTime, errorCode: 'AccessDenied' })],
  (name, eventTime) => [
    kmsRecord(name, {
      eventTime,
      additionalEventData: { customKeyStoreId: 'cks-1', xksKeyId: 'x' },
    }),
  ],
  (name, eventTime) => [
    kmsRecord(name, {
      eventTime,
      eventName: 'ReplicateKey',
      requestParameters: { keyId: keyArn(2), replicaRegion: 'eu-west-1' },
      readOnly: false,
    }),
  ],
  (name, eventTime) => [
    kmsRecord(name, {
      eventTime,
      userIdentity: { accountId: ownAccount, invokedBy: 'AWS Internal' },
      eventName: 'RotateKey',
      eventType: 'AwsServiceEvent',
      requestParameters: null,
    }),
  ],
  (name, eventTime) => [
    kmsRecord(name, {
      eventTime,
      userIdentity: { type: 'AWSService', invokedBy: 'dynamodb.amazonaws.com' },
    }),
  ],
  (name, eventTime) => [kmsRecord(name, { eventTime, eventSource: 's3.amazonaws.com' })],
  (name) => [kmsRecord(name, { eventTime: undefined })],
  // A call on another account's key: the caller's copy and the owner's, in any order of ids.
  (name, eventTime) => {
    const sharedEventID = idOf(`shared ${name}`);
    const userIdentity = { type: 'AWSAccount', principalId: 'AROAEXAMPLE', accountId: ownAccount };
    return [
      kmsRecord(`${name} caller`, { eventTime, sharedEventID }),
      kmsRecord(`${name} owner`, {
        eventTime,
        sharedEventID,
        userIdentity,
        recipientAccountId: otherAccount,
      }),
    ];
  },
  // Only copies of other accounts: the smallest event id counts.
  (name, eventTime) =>
    ['x', 'y'].map((copy, i) =>
      kmsRecord(`${name} ${copy}`, {
        eventTime,
        sharedEventID: idOf(`shared ${name}`),
        recipientAccountId: `${otherAccount.slice(0, 11)}${i}`,
      }),
    ),
];

export const sortCount = sorts.length;

/** One action: its sort (below sortCount), the second it happened, and a name for its ids. */
export interface Action {
  sort: number;
  second: number;
}

/** The records of actions, in order; the same actions give the same records. */
export function recordsOf(actions: readonly Action[]): RawKmsRecord[] {
  return actions.flatMap(({ sort, second }, i) => sorts[sort]!(`${i}`, isoOf(second)));
}
