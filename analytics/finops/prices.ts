import type { Config } from '../../core/config.ts';
import { pricingFile } from '../../reference/pricing.ts';

/** What decides the price of a call. */
export interface PricedCall {
  operation: string;
  operation_class: string | null;
  quota_id: string | null;
  data_key_spec: string | null;
  /** Spec of the KMS key, where the log or the inventory names it. */
  key_spec?: string | null;
}

/**
 * Classes that share a call's price; both bounds are the same when it is certain. `null`: no price is
 * known, the call is counted and never priced (definitions: Price class).
 */
export interface PriceClass {
  id: string;
  low: string;
  high: string;
}

const certain = (id: string): PriceClass => ({ id, low: id, high: id });
/** RSA calls do not log the key's size, and GetPublicKey not even its family: CreateKey does. */
const rsaUnknown: PriceClass = {
  id: 'rsa_size_unknown',
  low: 'rsa_2048',
  high: 'asymmetric_other',
};
const publicKey: PriceClass = { id: 'public_key', low: 'rsa_2048', high: 'asymmetric_other' };

/** The price class of a call; null when none is known. */
export function priceClassOf(call: PricedCall): PriceClass | null {
  const { operation, quota_id, data_key_spec: spec } = call;
  if (operation.startsWith('GenerateDataKeyPair')) {
    if (spec?.startsWith('RSA_')) return certain('gdkp_rsa');
    if (spec?.startsWith('ECC_')) return certain('gdkp_ecc');
    return null;
  }
  const isAsymmetric = operation === 'GetPublicKey' || quota_id === 'crypto_rsa';
  if (isAsymmetric && call.key_spec) {
    return certain(call.key_spec === 'RSA_2048' ? 'rsa_2048' : 'asymmetric_other');
  }
  if (operation === 'GetPublicKey') return publicKey;
  switch (quota_id) {
    case 'crypto_symmetric':
      return certain('symmetric');
    case 'crypto_rsa':
      return rsaUnknown;
    case 'crypto_ecc_sm2':
    case 'crypto_ml_dsa':
      return certain('asymmetric_other');
    default:
      break;
  }
  // Management calls of any key are billed as plain requests.
  if (quota_id?.startsWith('op_') && call.operation_class !== 'unknown')
    return certain('symmetric');
  return null;
}

export interface CallCost {
  class_id: string;
  cost_low_usd: number;
  cost_high_usd: number;
  free_tier: boolean;
}

/** The list prices with the overrides of the configuration. */
export class PriceList {
  readonly #overrides: Config['priceOverrides'];

  constructor(config: Config) {
    this.#overrides = config.priceOverrides;
  }

  /** Dollars of one request of a class in a Region; null when unknown. */
  usdPerCall(class_id: string, region: string | null): number | null {
    const override =
      this.#overrides.find((o) => o.class_id === class_id && o.region && o.region === region) ??
      this.#overrides.find((o) => o.class_id === class_id && !o.region);
    if (override) return override.usd_per_10k / 10_000;
    const listed = pricingFile.request_classes.find((entry) => entry.id === class_id);
    return listed?.usd_per_10k == null ? null : listed.usd_per_10k / 10_000;
  }

  /** Dollars of one successful symmetric request: what every caching lever saves. */
  symmetric(region: string | null): number {
    return this.usdPerCall('symmetric', region) ?? 0;
  }

  /** The cost of `calls` equal calls; null when their price is unknown. */
  cost(call: PricedCall, region: string | null, calls: number): CallCost | null {
    const found = priceClassOf(call) ?? this.#pairOverride(call);
    if (!found) return null;
    const low = this.usdPerCall(found.low, region);
    const high = this.usdPerCall(found.high, region);
    if (low === null || high === null) return null;
    const listed = pricingFile.request_classes.find((entry) => entry.id === found.low);
    return {
      class_id: found.id,
      cost_low_usd: calls * Math.min(low, high),
      cost_high_usd: calls * Math.max(low, high),
      free_tier: listed?.free_tier ?? false,
    };
  }

  /** A price for the pairs that the list has none for can be given by the configuration. */
  #pairOverride(call: PricedCall): PriceClass | null {
    return call.operation.startsWith('GenerateDataKeyPair') ? certain('gdkp_other') : null;
  }

  /** Whether the list's price was seen for this Region; others may differ. */
  static verified(region: string | null): boolean {
    return region !== null && pricingFile.verified_regions.includes(region);
  }
}

/** Sentences that stand beside every dollar. */
export function priceNotes(config: Config): string[] {
  const notes = [
    `Prices: list prices as of ${pricingFile.as_of} (${Object.values(pricingFile.sources)[0]}), verified for ${pricingFile.verified_regions.join(', ')}; discounts and other Regions' prices come from priceOverrides.`,
  ];
  if (config.priceOverrides.length > 0) {
    notes.push(`${config.priceOverrides.length} price overrides of the configuration apply.`);
  }
  return notes;
}
