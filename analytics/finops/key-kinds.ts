import type { KeyInventoryEntry } from '../../core/config.ts';
import { pricingFile } from '../../reference/pricing.ts';

export const keyKinds = [
  'customer',
  'aws_managed',
  'multi_region_primary',
  'multi_region_replica',
  'multi_region',
  'imported',
  'custom_store',
  'foreign',
  'unproven',
] as const;
export type KeyKind = (typeof keyKinds)[number];

/** What the log says about a key. */
export interface KeyEvidence {
  key_arn: string;
  custom_key_store_id: string | null;
  aws_alias_refs: number;
  imports: number;
  replications: number;
  rotations: number;
  deletion_pending: boolean;
  /** Events that were not refused: a key that only refused calls name may not exist. */
  accepted: number;
  /** Successful events that a key of AWS cannot have: its changes, a direct or a cross-account use. */
  customer_events: number;
}

export interface KeyCharge {
  kind: KeyKind;
  kind_basis: 'inventory' | 'events' | 'assumed';
  state: string;
  rotations: number;
  /** The lower end: a key that AWS may manage is free. */
  charge_usd_monthly: number | null;
  charge_high_usd_monthly: number | null;
  rotation_surcharge_usd_monthly: number | null;
}

/** What a key costs a month with its surcharge: from the lower to the upper end; 0 when nobody here pays. */
export function keyCharges(
  key: Pick<
    KeyCharge,
    'charge_usd_monthly' | 'charge_high_usd_monthly' | 'rotation_surcharge_usd_monthly'
  >,
): { low: number; high: number } {
  const surcharge = key.rotation_surcharge_usd_monthly ?? 0;
  return {
    low: (key.charge_usd_monthly ?? 0) + surcharge,
    high: (key.charge_high_usd_monthly ?? 0) + surcharge,
  };
}

/** Account, Region and id of a key ARN. */
export function keyArnParts(arn: string): { account: string; region: string; id: string } {
  const parts = arn.split(':');
  return {
    region: parts[3] ?? '',
    account: parts[4] ?? '',
    id: (parts[5] ?? '').replace(/^key\//, ''),
  };
}

/**
 * What a key is and costs in a month. The inventory decides where it speaks; a foreign key is its
 * owner's charge. Rotations seen in the log are a lower bound of those that are billed.
 */
export function keyCharge(
  evidence: KeyEvidence,
  inventory: KeyInventoryEntry | undefined,
  isOwn: boolean,
): KeyCharge {
  const { kind, basis } = isOwn
    ? kindOf(evidence, inventory)
    : { kind: 'foreign' as const, basis: 'events' as const };
  const state = inventory?.state ?? (evidence.deletion_pending ? 'PendingDeletion' : 'unknown');
  const rotations = inventory?.rotations ?? evidence.rotations;
  const prices = pricingFile.key_usd_per_month;
  const common = { kind, kind_basis: basis, state, rotations };
  if (kind === 'foreign' || kind === 'unproven') {
    return {
      ...common,
      charge_usd_monthly: null,
      charge_high_usd_monthly: null,
      rotation_surcharge_usd_monthly: null,
    };
  }
  if (kind === 'aws_managed') {
    return {
      ...common,
      charge_usd_monthly: prices.aws_managed,
      charge_high_usd_monthly: prices.aws_managed,
      rotation_surcharge_usd_monthly: prices.aws_managed,
    };
  }
  if (state === 'PendingDeletion' || state === 'PendingReplicaDeletion') {
    return {
      ...common,
      charge_usd_monthly: prices.pending_deletion,
      charge_high_usd_monthly: prices.pending_deletion,
      rotation_surcharge_usd_monthly: prices.pending_deletion,
    };
  }
  const charge = kind === 'multi_region_replica' ? prices.replica : prices.customer_managed;
  return {
    ...common,
    charge_usd_monthly: basis === 'assumed' ? prices.aws_managed : charge,
    charge_high_usd_monthly: charge,
    rotation_surcharge_usd_monthly:
      Math.min(rotations, prices.billed_rotations) * prices.rotation_surcharge,
  };
}

function kindOf(
  evidence: KeyEvidence,
  inventory: KeyInventoryEntry | undefined,
): { kind: KeyKind; basis: KeyCharge['kind_basis'] } {
  if (inventory?.manager === 'AWS') return { kind: 'aws_managed', basis: 'inventory' };
  if (inventory?.multi_region === 'PRIMARY') {
    return { kind: 'multi_region_primary', basis: 'inventory' };
  }
  if (inventory?.multi_region === 'REPLICA') {
    return { kind: 'multi_region_replica', basis: 'inventory' };
  }
  if (inventory?.custom_key_store_id) return { kind: 'custom_store', basis: 'inventory' };
  if (inventory?.origin === 'EXTERNAL') return { kind: 'imported', basis: 'inventory' };
  if (inventory?.manager === 'CUSTOMER') return { kind: 'customer', basis: 'inventory' };
  if (evidence.aws_alias_refs > 0) return { kind: 'aws_managed', basis: 'events' };
  if (evidence.custom_key_store_id) return { kind: 'custom_store', basis: 'events' };
  if (keyArnParts(evidence.key_arn).id.startsWith('mrk-')) {
    // Only a primary can be replicated; which of the others is the primary the log does not say.
    const kind = evidence.replications > 0 ? 'multi_region_primary' : 'multi_region';
    return { kind, basis: 'events' };
  }
  if (evidence.accepted === 0 && !inventory) return { kind: 'unproven', basis: 'events' };
  if (evidence.imports > 0) return { kind: 'imported', basis: 'events' };
  return { kind: 'customer', basis: evidence.customer_events > 0 ? 'events' : 'assumed' };
}
