import { operationsFile } from '../../reference/operations.ts';
import type { KmsEvent } from '../../store/relations.ts';

const throttled = new Set(operationsFile.throttle_error_codes);
const denied = new Set(operationsFile.denied_error_codes);
const dryRun = new Set(operationsFile.dry_run_error_codes);

/** What became of a call. LimitExceededException is a resource quota, so it is `failed`. */
export function outcomeOf(errorCode: string | null): KmsEvent['outcome'] {
  if (errorCode === null) return 'success';
  if (throttled.has(errorCode)) return 'throttled';
  if (denied.has(errorCode)) return 'denied';
  if (dryRun.has(errorCode)) return 'dry_run';
  return 'failed';
}
