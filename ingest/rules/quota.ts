import { operationsByName, operationsFile } from '../../reference/operations.ts';
import { quotasFile, unknownQuota } from '../../reference/quotas.ts';
import { textField, type JsonObject } from '../records/record.ts';

/** What a call is charged to, and what that was inferred from. */
export interface QuotaFacts {
  operation_class: string;
  quota_id: string | null;
  quota_assumed: boolean;
  algorithm: string | null;
  data_key_spec: string | null;
  second_region: string | null;
}

const serviceEvents = new Set(operationsFile.service_events.map((event) => event.name));
const algorithmFields = Object.keys(operationsFile.algorithm_to_quota);
const quotaOfAlgorithm = new Map(
  Object.values(operationsFile.algorithm_to_quota).flatMap((map) => Object.entries(map)),
);
const quotaOfPairSpec = new Map(
  quotasFile.quotas.flatMap((quota) =>
    quota.key_pair_spec ? [[quota.key_pair_spec, quota.id]] : [],
  ),
);

export function quotaFactsOf(
  operation: string,
  eventType: string | null,
  parameters: JsonObject | null,
): QuotaFacts {
  const known = operationsByName.get(operation);
  const algorithm = algorithmOf(parameters);
  const facts: QuotaFacts = {
    operation_class: known?.class ?? (serviceEvents.has(operation) ? 'service_event' : 'unknown'),
    quota_id: null,
    quota_assumed: false,
    algorithm,
    data_key_spec: dataKeySpecOf(operation, parameters),
    second_region: secondRegionOf(operation, parameters),
  };
  if (eventType !== 'AwsApiCall') return facts;
  facts.quota_id = unknownQuota;
  if (!known) return facts;
  if (known.quota === 'by_key_pair_spec') facts.quota_id = pairQuota(facts.data_key_spec);
  else if (known.quota === 'by_algorithm')
    Object.assign(facts, byAlgorithm(operation, parameters, algorithm));
  else if (operation === 'DeriveSharedSecret' && algorithm === null) facts.quota_id = unknownQuota;
  else facts.quota_id = known.quota;
  return facts;
}

/**
 * Encrypt, Decrypt and ReEncrypt without an algorithm (throttled and old records) are assumed
 * symmetric and marked; Sign and Verify without one cannot be told.
 */
function byAlgorithm(operation: string, parameters: JsonObject | null, algorithm: string | null) {
  if (operation === 'ReEncrypt') {
    const source = textField(parameters, 'sourceEncryptionAlgorithm');
    const destination = textField(parameters, 'destinationEncryptionAlgorithm');
    const quotas = [source, destination].map((name) =>
      name === null ? 'crypto_symmetric' : (quotaOfAlgorithm.get(name) ?? unknownQuota),
    );
    return {
      quota_id: quotas[0] === quotas[1] ? quotas[0]! : unknownQuota,
      quota_assumed: source === null || destination === null,
    };
  }
  if (algorithm !== null) {
    return { quota_id: quotaOfAlgorithm.get(algorithm) ?? unknownQuota, quota_assumed: false };
  }
  if (operation === 'Sign' || operation === 'Verify') return { quota_id: unknownQuota };
  return { quota_id: 'crypto_symmetric', quota_assumed: true };
}

function pairQuota(spec: string | null): string {
  if (spec === null) return unknownQuota;
  if (spec.startsWith('ML_KEM_')) return 'gdkp_ml_kem';
  return quotaOfPairSpec.get(spec) ?? unknownQuota;
}

/** Request fields that columns hold; of a cryptographic call the rest is kept as JSON. */
export function algorithmOf(parameters: JsonObject | null): string | null {
  for (const field of algorithmFields) {
    const value = textField(parameters, field);
    if (value !== null) return value;
  }
  return textField(parameters, 'sourceEncryptionAlgorithm');
}

/** keySpec of GenerateDataKey* describes the data key; CreateKey's keySpec is another thing. */
function dataKeySpecOf(operation: string, parameters: JsonObject | null): string | null {
  if (!operation.startsWith('GenerateDataKey')) return null;
  const spec = textField(parameters, 'keyPairSpec') ?? textField(parameters, 'keySpec');
  if (spec !== null) return spec;
  const bytes = textField(parameters, 'numberOfBytes');
  return bytes === null ? null : `BYTES_${bytes}`;
}

function secondRegionOf(operation: string, parameters: JsonObject | null): string | null {
  if (operation === 'ReplicateKey') return textField(parameters, 'replicaRegion');
  if (operation === 'UpdatePrimaryRegion') return textField(parameters, 'primaryRegion');
  return null;
}
