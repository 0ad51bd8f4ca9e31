import { isoSecond, demoStart } from './organisation.ts';
import { idOfName } from './rng.ts';

/** Who makes a call, with `userIdentity` rendered once and shared by all the caller's events. */
export interface Caller {
  /** userIdentity as JSON text, without invokedBy. */
  readonly identity: string;
  /** null for a service principal: such records carry no account. */
  readonly accountId: string | null;
  /** The principal as keymeter names it: role or user ARN, or the service. */
  readonly principalArn: string;
  /** The session ARN of a role, else the principal. */
  readonly callerArn: string;
  readonly sourceIp: string;
  readonly userAgent: string;
  /** Set for AWS service principals and for KMS itself: the identity carries its own invokedBy. */
  readonly service?: string;
  readonly vpcEndpointId?: string;
  readonly fromConsole?: boolean;
}

interface CallerOptions {
  sourceIp?: string;
  userAgent?: string;
  vpcEndpointId?: string;
  fromConsole?: boolean;
}

const defaultAgent =
  'aws-sdk-java/2.29.40 md/io#sync md/http#Apache ua/2.1 os/Linux#6.1.119 lang/java#21.0.5 md/OpenJDK_64-Bit_Server_VM#21.0.5+11 md/vendor#Amazon.com_Inc. exec-env/AWS_ECS_FARGATE cfg/retry-mode#standard';

function finish(
  base: Omit<Caller, 'sourceIp' | 'userAgent'>,
  options: CallerOptions,
  name: string,
): Caller {
  // A private address that depends on the name alone, so that one session keeps one address.
  const octets = [...idOfName('', name, 2)].map((c) => (c.charCodeAt(0) * 7) % 250);
  return {
    ...base,
    sourceIp: options.sourceIp ?? `10.20.${octets[0]}.${octets[1]}`,
    userAgent: options.userAgent ?? defaultAgent,
    vpcEndpointId: options.vpcEndpointId,
    fromConsole: options.fromConsole,
  };
}

/** One session of an assumed role; `path` is the role's path, which the sts ARN loses. */
export function roleSession(
  accountId: string,
  role: string,
  session: string,
  options: CallerOptions & { path?: string; startedAt?: number } = {},
): Caller {
  const name = `${accountId}/${role}`;
  const principalId = idOfName('AROA', name, 17);
  const roleArn = `arn:aws:iam::${accountId}:role${options.path ?? '/'}${role}`;
  const callerArn = `arn:aws:sts::${accountId}:assumed-role/${role}/${session}`;
  const identity = JSON.stringify({
    type: 'AssumedRole',
    principalId: `${principalId}:${session}`,
    arn: callerArn,
    accountId,
    accessKeyId: idOfName('ASIA', `${name}/${session}`, 16),
    sessionContext: {
      sessionIssuer: { type: 'Role', principalId, arn: roleArn, accountId, userName: role },
      attributes: {
        creationDate: isoSecond(options.startedAt ?? demoStart - 1800),
        mfaAuthenticated: 'false',
      },
    },
  });
  const base = { identity, accountId, principalArn: roleArn, callerArn };
  return finish(base, options, `${name}/${session}`);
}

export function iamUser(accountId: string, userName: string, options: CallerOptions = {}): Caller {
  const arn = `arn:aws:iam::${accountId}:user/${userName}`;
  const identity = JSON.stringify({
    type: 'IAMUser',
    principalId: idOfName('AIDA', arn, 17),
    arn,
    accountId,
    accessKeyId: idOfName('AKIA', arn, 16),
    userName,
    // Real records of a user with a session carry these as empty objects.
    sessionContext: {
      sessionIssuer: {},
      webIdFederationData: {},
      attributes: { creationDate: isoSecond(demoStart - 7200), mfaAuthenticated: 'false' },
    },
  });
  return finish({ identity, accountId, principalArn: arn, callerArn: arn }, options, arn);
}

export function rootUser(accountId: string, options: CallerOptions = {}): Caller {
  const arn = `arn:aws:iam::${accountId}:root`;
  const identity = JSON.stringify({
    type: 'Root',
    principalId: accountId,
    arn,
    accountId,
    accessKeyId: idOfName('ASIA', arn, 16),
    sessionContext: {
      sessionIssuer: {},
      webIdFederationData: {},
      attributes: { creationDate: isoSecond(demoStart - 600), mfaAuthenticated: 'true' },
    },
  });
  return finish({ identity, accountId, principalArn: arn, callerArn: arn }, options, arn);
}

/** A service principal: no account, no ARN; the account comes from recipientAccountId. */
export function awsService(service: string): Caller {
  return {
    identity: JSON.stringify({ type: 'AWSService', invokedBy: service }),
    accountId: null,
    principalArn: service,
    callerArn: service,
    sourceIp: service,
    userAgent: service,
    service,
  };
}

/** KMS acting by itself (rotation, deletion): userIdentity has no type. */
export function kmsInternal(accountId: string): Caller {
  return {
    identity: JSON.stringify({ accountId, invokedBy: 'AWS Internal' }),
    accountId,
    principalArn: 'AWS Internal',
    callerArn: 'AWS Internal',
    sourceIp: 'AWS Internal',
    userAgent: 'AWS Internal',
    service: 'AWS Internal',
  };
}

/** How the key owner's copy of a cross-account call shows its caller: reduced to the account. */
export function otherAccount(accountId: string, principalId: string): Caller {
  return {
    identity: JSON.stringify({ type: 'AWSAccount', principalId, accountId }),
    accountId,
    principalArn: principalId,
    callerArn: principalId,
    sourceIp: '198.51.100.77',
    userAgent: defaultAgent,
  };
}
