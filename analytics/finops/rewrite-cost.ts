import { pricingFile } from '../../reference/pricing.ts';

/**
 * Dollars of rewriting objects in place once by S3 Batch Operations: for each a COPY request, the
 * batch's fee and one Decrypt of its old data key; and the job. None without objects.
 */
export function rewriteCost(objects: number, usd_per_decrypt: number): number {
  if (objects === 0) return 0;
  return objects * rewriteCostPerObject(usd_per_decrypt) + pricingFile.s3.batch_operations_job_usd;
}

/** The part of it that grows with the objects. */
export function rewriteCostPerObject(usd_per_decrypt: number): number {
  const { copy_request_usd_per_1k, batch_operations_usd_per_million_objects } = pricingFile.s3;
  return (
    copy_request_usd_per_1k / 1_000 +
    batch_operations_usd_per_million_objects / 1_000_000 +
    usd_per_decrypt
  );
}
