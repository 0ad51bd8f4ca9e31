import { awsService, roleSession } from './callers.ts';
import * as kms from './kms-calls.ts';
import { keyOf } from './organisation.ts';
import type { Plan } from './plan.ts';
import type { Rng } from './rng.ts';
import { bucketKeyCall } from './s3-calls.ts';

interface Place {
  at: number;
  account: string;
  region: string;
}

/**
 * One KMS call of the kind nobody would change: bucket keys are on, streams and log groups cache,
 * tokens must be signed one by one.
 */
export function quietKmsCall(plan: Plan, rng: Rng, place: Place): void {
  rng.pick(kinds)(plan, rng, place);
}

type Kind = (plan: Plan, rng: Rng, place: Place) => void;

const streamWrite: Kind = (plan, rng, { at, account, region }) => {
  const stream = `arn:aws:kinesis:${region}:${account}:stream/clicks-${rng.between(1, 3)}`;
  const caller = roleSession(account, 'clickstream-producer', `producer-${rng.between(1, 4)}`);
  const key = keyOf(account, region, 'streams');
  const call = kms.generateDataKey(key, { 'aws:kinesis:arn': stream }, { numberOfBytes: 32 });
  plan.kms(call, { at, caller, via: 'kinesis.amazonaws.com' });
};

const logGroup: Kind = (plan, rng, { at, account, region }) => {
  const group = `arn:aws:logs:${region}:${account}:log-group:/app/service-${rng.between(1, 6)}`;
  const key = keyOf(account, region, 'logs');
  const caller = awsService(`logs.${region}.amazonaws.com`);
  const call = kms.decrypt(key, { 'aws:logs:arn': group });
  plan.kms(call, { at, caller, sharedEventId: plan.sharedId() });
};

/** An instance starts: one grant, one data key, one decryption when the volume is attached. */
const volume: Kind = (plan, rng, { at, account, region }) => {
  const key = keyOf(account, region, 'volumes');
  const context = { 'aws:ebs:id': `vol-${rng.uint32().toString(16).padStart(17, '0')}` };
  const instance = `i-${rng.uint32().toString(16).padStart(17, '0')}`;
  const scaling = roleSession(account, 'AWSServiceRoleForAutoScaling', 'AutoScaling', {
    path: '/aws-service-role/autoscaling.amazonaws.com/',
  });
  const grantee = `arn:aws:sts::${account}:assumed-role/aws:ec2-infrastructure/${instance}`;
  const machine = roleSession(account, 'aws:ec2-infrastructure', instance);
  const via = 'ec2.amazonaws.com';
  const constraints = { constraints: { encryptionContextSubset: context } };
  plan.kms(kms.createGrant(key, grantee, ['Decrypt'], constraints), { at, caller: scaling, via });
  plan.kms(kms.generateDataKeyWithoutPlaintext(key, context), { at, caller: scaling, via });
  plan.kms(kms.decrypt(key, context), { at, caller: machine, via });
};

const token: Kind = (plan, rng, { at, account, region }) => {
  const caller = roleSession(account, 'token-issuer', `issuer-${rng.between(1, 2)}`);
  plan.kms(kms.signRsa(keyOf(account, region, 'tokens')), { at, caller });
};

const cookie: Kind = (plan, rng, { at, account, region }) => {
  const caller = roleSession(account, 'session-service', `web-${rng.between(1, 3)}`);
  const operation = rng.chance(0.3) ? 'GenerateMac' : 'VerifyMac';
  plan.kms(kms.mac(operation, keyOf(account, region, 'cookies')), { at, caller });
};

const bucketKey: Kind = (plan, rng, { at, account, region }) => {
  const caller = roleSession(account, 'etl-worker', `etl-${rng.between(1, 3)}`);
  const kind = rng.chance(0.4) ? 'PutObject' : 'GetObject';
  const bucket = `acme-etl-${account.slice(0, 4)}-${region}`;
  const object = `day/${rng.between(1, 400)}.parquet`;
  const key = keyOf(account, region, 'etl');
  bucketKeyCall(plan, kind, { at, caller, key, bucket, object, dataEvent: true });
};

const describe: Kind = (plan, rng, { at, account, region }) => {
  const caller = roleSession(account, 'ci-deployer', 'GitHubActions', { path: '/ci/' });
  const name = rng.pick(['streams', 'logs', 'volumes', 'tokens', 'etl']);
  plan.kms(kms.manage('DescribeKey', keyOf(account, region, name)), { at, caller });
};

const kinds: readonly Kind[] = [
  streamWrite,
  streamWrite,
  logGroup,
  volume,
  token,
  token,
  cookie,
  cookie,
  bucketKey,
  bucketKey,
  bucketKey,
  describe,
];
