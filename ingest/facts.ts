// The one table of facts: which members of a record are read, and which of them each rule may read.
// Both compilers take it: AssemblyScript (scan/assembly) builds its tree of names from `paths`, TypeScript
// tells the scanner which facts make each rule's key. Keep to what both understand: lists of texts, numbers.

/**
 * Members of a record by path; a path's number is its index. A member that has others below it stands
 * before them. Those at the end are read by no rule: a name that is known is passed over faster.
 */
export const paths: string[] = [
  'eventTime',
  'eventSource',
  'eventName',
  'eventID',
  'requestID',
  'sharedEventID',
  'recipientAccountId',
  'awsRegion',
  'errorMessage',
  'requestParameters',
  'responseElements',
  'requestParameters.encryptionContext',
  'requestParameters.sourceEncryptionContext',
  'requestParameters.key',
  'resources',
  'sourceIPAddress',
  'userIdentity',
  'additionalEventData',
  'serviceEventDetails',
  'tlsDetails',
  'addendum',
  'eventType',
  'readOnly',
  'errorCode',
  'userAgent',
  'vpcEndpointId',
  'tlsDetails.tlsVersion',
  'sessionCredentialFromConsole',
  'userIdentity.type',
  'userIdentity.arn',
  'userIdentity.accountId',
  'userIdentity.accessKeyId',
  'userIdentity.invokedBy',
  'userIdentity.principalId',
  'userIdentity.sessionContext',
  'userIdentity.sessionContext.sessionIssuer',
  'userIdentity.sessionContext.sessionIssuer.arn',
  'requestParameters.keyId',
  'requestParameters.sourceKeyId',
  'requestParameters.targetKeyId',
  'requestParameters.destinationKeyId',
  'requestParameters.encryptionAlgorithm',
  'requestParameters.signingAlgorithm',
  'requestParameters.macAlgorithm',
  'requestParameters.keyAgreementAlgorithm',
  'requestParameters.encapsulationAlgorithm',
  'requestParameters.sourceEncryptionAlgorithm',
  'requestParameters.destinationEncryptionAlgorithm',
  'requestParameters.keySpec',
  'requestParameters.keyPairSpec',
  'requestParameters.numberOfBytes',
  'requestParameters.replicaRegion',
  'requestParameters.primaryRegion',
  'requestParameters.customKeyStoreId',
  'requestParameters.bucketName',
  'requestParameters.secretId',
  'requestParameters.secretIdList',
  'requestParameters.name',
  'requestParameters.names',
  'requestParameters.path',
  'requestParameters.snapshotId',
  'requestParameters.trailName',
  'requestParameters.roleArn',
  'responseElements.keyMetadata',
  'responseElements.keyMetadata.arn',
  'responseElements.keyId',
  'responseElements.arn',
  'responseElements.ARN',
  'serviceEventDetails.keyId',
  'additionalEventData.customKeyStoreId',
  // Passed over.
  'eventVersion',
  'apiVersion',
  'managementEvent',
  'eventCategory',
  'vpcEndpointAccountId',
  'userIdentity.userName',
  'userIdentity.sessionContext.webIdFederationData',
  'userIdentity.sessionContext.attributes',
  'userIdentity.sessionContext.sessionIssuer.type',
  'userIdentity.sessionContext.sessionIssuer.principalId',
  'userIdentity.sessionContext.sessionIssuer.accountId',
  'userIdentity.sessionContext.sessionIssuer.userName',
];

// Numbers of the paths that the scanner itself looks at.
export const EVENT_TIME = 0;
export const EVENT_SOURCE = 1;
export const EVENT_NAME = 2;
export const EVENT_ID = 3;
export const REQUEST_ID = 4;
export const SHARED_EVENT_ID = 5;
export const RECIPIENT = 6;
export const REGION = 7;
export const ERROR_MESSAGE = 8;
export const REQUEST_PARAMETERS = 9;
export const RESPONSE_ELEMENTS = 10;
export const ENCRYPTION_CONTEXT = 11;
export const SOURCE_CONTEXT = 12;
export const OBJECT_KEY = 13;
export const RESOURCES = 14;
export const SOURCE_IP = 15;
export const USER_IDENTITY = 16;
export const ADDITIONAL_DATA = 17;
export const SERVICE_DETAILS = 18;
export const TLS_DETAILS = 19;
export const ADDENDUM = 20;

/**
 * Facts that are no member of the record: account and Region of the file's path, and shapes. A shape is
 * a value's JSON in which each text is replaced by a mark, but for the start of an ARN (scan/assembly/shape.ts):
 * there are few of them, however many objects and volumes a trail names. Their numbers follow the paths'.
 */
export const derived: string[] = [
  '@account',
  '@region',
  '#context',
  '#resources',
  '#key',
  '#address',
];
export const PATH_ACCOUNT = 0;
export const PATH_REGION = 1;
export const CONTEXT_SHAPE = 2;
export const RESOURCES_SHAPE = 3;
export const KEY_SHAPE = 4;
/** sourceIPAddress, but 0.0.0.0 for every IPv4 address. */
export const ADDRESS_SHAPE = 5;

/**
 * The facts that each rule may read; it is asked once for each new combination of their values. `a unless
 * b`: a counts only where b is no text; `a with b`: only where b is there; `a is X`: only whether it is X. Such
 * conditions keep facts that are rarely looked at from making new combinations.
 */
export const callFacts: string[] = [
  'eventName',
  'awsRegion',
  '@region unless awsRegion',
  'eventType',
  'readOnly',
  'errorCode',
  'userIdentity.invokedBy',
  'requestParameters.encryptionAlgorithm',
  'requestParameters.signingAlgorithm',
  'requestParameters.macAlgorithm',
  'requestParameters.keyAgreementAlgorithm',
  'requestParameters.encapsulationAlgorithm',
  'requestParameters.sourceEncryptionAlgorithm',
  'requestParameters.destinationEncryptionAlgorithm',
  'requestParameters.keySpec',
  'requestParameters.keyPairSpec',
  'requestParameters.numberOfBytes',
  'requestParameters.replicaRegion',
  'requestParameters.primaryRegion',
  '#context',
];
export const identityFacts: string[] = [
  'userIdentity.type',
  'userIdentity.arn',
  'userIdentity.accountId',
  'userIdentity.accessKeyId',
  'userIdentity.invokedBy',
  'userIdentity.principalId unless userIdentity.arn',
  'userIdentity.sessionContext.sessionIssuer.arn',
  'recipientAccountId',
  '@account unless recipientAccountId',
  'sessionCredentialFromConsole',
];
export const clientFacts: string[] = [
  'sourceIPAddress',
  'userAgent',
  'vpcEndpointId',
  'tlsDetails.tlsVersion',
];
export const keyFacts: string[] = [
  'requestParameters.keyId',
  'requestParameters.sourceKeyId',
  'requestParameters.targetKeyId',
  'requestParameters.destinationKeyId',
  'resources',
  'responseElements.keyMetadata.arn',
  'responseElements.keyId',
  'serviceEventDetails.keyId',
  'awsRegion',
  '@region unless awsRegion',
  'userIdentity.accountId',
  'userIdentity.type unless userIdentity.accountId',
  'userIdentity.arn unless userIdentity.accountId',
  'userIdentity.invokedBy unless userIdentity.accountId',
  'userIdentity.principalId unless userIdentity.accountId',
  'userIdentity.sessionContext.sessionIssuer.arn unless userIdentity.accountId',
  'recipientAccountId unless userIdentity.accountId',
  '@account unless recipientAccountId',
  'additionalEventData',
  'requestParameters.customKeyStoreId',
  'eventName with additionalEventData.customKeyStoreId',
  'eventName is ReEncrypt',
];
export const actionFacts: string[] = [
  'eventSource',
  'eventName',
  'awsRegion',
  '@region unless awsRegion',
  'userAgent',
  'errorCode',
  'userIdentity.type',
  'userIdentity.arn',
  'userIdentity.accountId',
  'userIdentity.accessKeyId',
  'userIdentity.invokedBy',
  'userIdentity.principalId unless userIdentity.arn',
  'userIdentity.sessionContext.sessionIssuer.arn',
  'recipientAccountId',
  '@account unless recipientAccountId',
];
/** What a related event was about. */
export const subjectFacts: string[] = [
  'eventSource',
  'awsRegion',
  '@region unless awsRegion',
  'userIdentity.accountId',
  'userIdentity.type unless userIdentity.accountId',
  'userIdentity.arn unless userIdentity.accountId',
  'userIdentity.invokedBy unless userIdentity.accountId',
  'userIdentity.principalId unless userIdentity.accountId',
  'userIdentity.sessionContext.sessionIssuer.arn unless userIdentity.accountId',
  'recipientAccountId unless userIdentity.accountId',
  '@account unless recipientAccountId',
  'requestParameters.bucketName',
  '#key',
  'requestParameters.secretId',
  'requestParameters.secretIdList',
  'requestParameters.name',
  'requestParameters.names',
  'requestParameters.path',
  'requestParameters.snapshotId',
  'requestParameters.trailName',
  'requestParameters.roleArn',
  'responseElements.arn',
  'responseElements.ARN',
  '#resources',
];
/** Whether what a related event calls its source is an address. */
export const addressFacts: string[] = ['#address', 'userAgent'];

// Numbers of the rules. The first four make the dimensions of `events`, the fifth that of `related`.
export const CALLS = 0;
export const IDENTITIES = 1;
export const CLIENTS = 2;
export const KEYS = 3;
export const ACTIONS = 4;
export const SUBJECTS = 5;
export const ADDRESSES = 6;
export const RULES = 7;

/** When a fact counts in the key of a rule. */
export const ALWAYS = 0;
export const UNLESS = 1;
export const WITH = 2;
export const IS = 3;
