import { readFileSync } from 'node:fs';

/** A default quota value and the instant from which it applied. */
export interface QuotaDefault {
  /** ISO date, or null for as far back as the sources go. */
  from: string | null;
  /** Requests per second. */
  value: number;
  /** Regions whose default differs. */
  regions: Record<string, number>;
  /** Until this ISO date the value may still have been the former one. */
  uncertain_until?: string;
  source: string;
}

/** A KMS request quota; see quotas.json for sources. */
export interface Quota {
  id: string;
  name: string;
  /** Service Quotas code (L-...), null when not published. */
  code: string | null;
  scope: 'account_region' | 'custom_key_store';
  operations: string[];
  adjustable: boolean | null;
  /** Oldest first; empty when no value is published. */
  defaults: QuotaDefault[];
  key_pair_spec?: string;
  cloudwatch_usage_resource?: string;
  counts_also_toward?: string;
}

interface QuotasFile {
  as_of: string;
  sources: Record<string, string>;
  quotas: Quota[];
}

export const quotasFile: QuotasFile = JSON.parse(
  readFileSync(new URL('./quotas.json', import.meta.url), 'utf8'),
);

export const quotasById: ReadonlyMap<string, Quota> = new Map(
  quotasFile.quotas.map((quota) => [quota.id, quota]),
);

/** The quota id of calls whose quota cannot be told: shown, never guessed. */
export const unknownQuota = 'unknown';
