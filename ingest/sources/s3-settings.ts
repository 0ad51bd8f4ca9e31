import type { ReaderConfig, S3Tuning } from './source.ts';

export type S3Config = Omit<Extract<ReaderConfig, { source: 's3' }>, 'source'>;

/** Most requests at once unless the user says otherwise: small objects wait for latency, not for bytes. */
export const concurrencyDefault = 32;

export function tuningOf(config: S3Config): S3Tuning {
  return {
    maxAttempts: 5,
    connectionTimeoutMs: 2_000,
    requestTimeoutMs: 10_000,
    socketTimeoutMs: 10_000,
    objectDeadlineMs: 300_000,
    retryBaseMs: 200,
    ...config.tuning,
  };
}
