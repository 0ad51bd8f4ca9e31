import { accounts } from '../organisation.ts';
import type { Plan } from '../plan.ts';
import * as attacks from './attacks.ts';
import * as buckets from './buckets.ts';
import { plantEncryptionSdk } from './data-key-caching.ts';
import * as delivery from './delivery-oddities.ts';
import * as exposure from './exposure.ts';
import { plantFlatTop } from './flat-top.ts';
import { plantHostileStrings } from './hostile-strings.ts';
import * as lifecycle from './key-lifecycle.ts';
import { plantNearQuotaKeyPairs, plantNearQuotaOverride } from './near-quota.ts';
import { plantOneSecondBursts } from './one-second-bursts.ts';
import { plantQuotaGrowth } from './quota-growth.ts';
import { plantRetryStorms } from './retry-storms.ts';
import * as levers from './service-levers.ts';
import { plantThrottleStorm } from './throttle-storm.ts';
import * as unusual from './unusual-charges.ts';

/** Every planted situation by name: each writes its events and returns its truth. */
const plants = {
  quota_growth: plantQuotaGrowth,
  near_quota_key_pairs: plantNearQuotaKeyPairs,
  near_quota_override: plantNearQuotaOverride,
  one_second_bursts: plantOneSecondBursts,
  throttle_storm: plantThrottleStorm,
  retry_storms: plantRetryStorms,
  flat_top: plantFlatTop,
  hot_key: lifecycle.plantHotKey,
  bucket_without_bucket_keys: buckets.plantBucketWithoutBucketKeys,
  bucket_with_bucket_keys: buckets.plantBucketWithBucketKeys,
  mixed_bucket: buckets.plantMixedBucket,
  custom_key_store: unusual.plantCustomKeyStore,
  key_migration: unusual.plantKeyMigration,
  short_branch_key_cache: unusual.plantShortBranchKeyCache,
  session_fan_out: buckets.plantSessionFanOut,
  encryption_sdk: plantEncryptionSdk,
  dynamodb_thrash: levers.plantDynamodbThrash,
  sqs_reuse: levers.plantSqsReuse,
  secret_reader: levers.plantSecretReader,
  parameter_reader: levers.plantParameterReader,
  lambda_cold_starts: levers.plantLambdaColdStarts,
  cross_account: delivery.plantCrossAccountCalls,
  second_trail: delivery.plantSecondTrail,
  late_files: delivery.plantLateFiles,
  service_principal_calls: lifecycle.plantServicePrincipalCalls,
  idle_key: lifecycle.plantIdleKey,
  deletion_while_in_use: lifecycle.plantDeletionWhileInUse,
  alias_swap: lifecycle.plantAliasSwap,
  replica_in_unused_region: lifecycle.plantReplicaInUnusedRegion,
  foreign_key: exposure.plantForeignKey,
  foreign_grants: exposure.plantForeignGrants,
  open_policies: exposure.plantOpenPolicies,
  ransomware: attacks.plantRansomware,
  mass_decrypt: attacks.plantMassDecrypt,
  direct_secret_decrypt: attacks.plantDirectSecretDecrypt,
  root_use: attacks.plantRootUse,
  recon: attacks.plantRecon,
  denied_spray: attacks.plantDeniedSpray,
  blinded_trail: attacks.plantBlindedTrail,
  hostile_strings: plantHostileStrings,
} satisfies Record<string, (plan: Plan) => unknown>;

/** The truth of each situation, typed by what plants it. */
export type SituationTruths = { [Name in keyof typeof plants]: ReturnType<(typeof plants)[Name]> };

export function plantSituations(plan: Plan): SituationTruths {
  const planted = Object.entries(plants).map(([name, plant]) => [name, plant(plan)]);
  return Object.fromEntries(planted) as SituationTruths;
}

export interface QuotaOverride {
  account_id: string;
  region: string;
  quota_id: string;
  /** Calls per second. */
  value: number;
}

const symmetric = (account_id: string, region: string, value: number): QuotaOverride => ({
  account_id,
  region,
  quota_id: 'crypto_symmetric',
  value,
});

/** Applied quotas of the demo's accounts: low, so that few events reach them. */
export const quotaOverrides: readonly QuotaOverride[] = [
  symmetric(accounts.prod, 'eu-central-1', 400),
  symmetric(accounts.prod, 'us-east-1', 200),
  symmetric(accounts.data, 'eu-central-1', 150),
  symmetric(accounts.data, 'us-east-1', 120),
  symmetric(accounts.sandbox, 'ap-southeast-2', 300),
  symmetric(accounts.sandbox, 'eu-north-1', 60),
];
