import { readFileSync } from 'node:fs';

export interface RequestPriceClass {
  id: string;
  /** Null when no price is known: such calls are shown, never priced. */
  usd_per_10k: number | null;
  usage_type_suffix: string | null;
  free_tier: boolean;
  source: string | null;
  status: string;
}

export interface PricingFile {
  as_of: string;
  currency: string;
  sources: Record<string, string>;
  request_classes: RequestPriceClass[];
  free_tier: { requests_per_month: number; scope: string; source: string };
  key_usd_per_month: {
    customer_managed: number;
    replica: number;
    aws_managed: number;
    pending_deletion: number;
    rotation_surcharge: number;
    billed_rotations: number;
    source: string;
  };
  month_hours: number;
  verified_regions: string[];
  unverified_region_prefixes: string[];
  cloudtrail: {
    first_copy_management_usd_per_100k: number;
    additional_copy_management_usd_per_100k: number;
    data_events_usd_per_100k: number;
    source: string;
  };
  s3: {
    copy_request_usd_per_1k: number;
    batch_operations_job_usd: number;
    batch_operations_usd_per_million_objects: number;
    status: string;
  };
}

/** KMS and CloudTrail list prices; see pricing.json for sources and dates. */
export const pricingFile: PricingFile = JSON.parse(
  readFileSync(new URL('./pricing.json', import.meta.url), 'utf8'),
);
