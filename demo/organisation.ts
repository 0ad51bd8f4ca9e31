import { uuidOfName } from './rng.ts';

/** The organisation of the demo: account ids are those AWS keeps for documentation. */
export const organisationId = 'o-demo123456';

export const accounts = {
  prod: '111122223333',
  data: '444455556666',
  sandbox: '777788889999',
} as const;

/** What the organisation calls its accounts, for the configuration beside the trail. */
export const demoNames = {
  accounts: [
    { account_id: accounts.prod, name: 'prod', environment: 'production', team: 'platform' },
    { account_id: accounts.data, name: 'data', environment: 'production', team: 'analytics' },
    { account_id: accounts.sandbox, name: 'sandbox', environment: 'test', team: 'platform' },
  ],
};

/** Outside the organisation: never has log files of its own. */
export const foreignAccount = '999988887777';

export const regions = ['eu-central-1', 'us-east-1', 'eu-north-1', 'ap-southeast-2'] as const;

export type Region = string;

/** Monday. The demo depends on no clock. */
export const demoStart = Date.UTC(2026, 9, 5) / 1000;

export interface Key {
  readonly arn: string;
  readonly id: string;
  readonly accountId: string;
  readonly region: Region;
  readonly materialId: string;
}

/** A KMS key of a name: the same ARN in every run. `mrk-` names make a multi-Region key. */
export function keyOf(accountId: string, region: Region, name: string): Key {
  const uuid = uuidOfName(`${accountId}/${region}/${name}`);
  const id = name.startsWith('mrk-') ? `mrk-${uuid.replaceAll('-', '')}` : uuid;
  const arn = `arn:aws:kms:${region}:${accountId}:key/${id}`;
  const materialId = `${uuidOfName(`${arn}#1`)}${uuidOfName(`${arn}#2`)}`.replaceAll('-', '');
  return { arn, id, accountId, region, materialId };
}

/** The ISO form CloudTrail writes: whole seconds, UTC. */
export function isoSecond(epochSecond: number): string {
  return new Date(epochSecond * 1000).toISOString().slice(0, 19) + 'Z';
}
