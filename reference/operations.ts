import { readFileSync } from 'node:fs';

/** One KMS API operation; see operations.json for sources. */
export interface KmsOperation {
  name: string;
  class: string;
  read_only: boolean;
  /** A quota id, or `by_algorithm`, or `by_key_pair_spec`. */
  quota: string;
  cross_account: boolean;
  sensitive: string | null;
}

interface OperationsFile {
  operations: KmsOperation[];
  service_events: { name: string; event_type: string }[];
  algorithm_to_quota: Record<string, Record<string, string>>;
  throttle_error_codes: string[];
  denied_error_codes: string[];
  dry_run_error_codes: string[];
  modelled_errors: string[];
}

export const operationsFile: OperationsFile = JSON.parse(
  readFileSync(new URL('./operations.json', import.meta.url), 'utf8'),
);

/** Operations by name; a name that is not here has class `unknown` and is never dropped. */
export const operationsByName: ReadonlyMap<string, KmsOperation> = new Map(
  operationsFile.operations.map((operation) => [operation.name, operation]),
);
