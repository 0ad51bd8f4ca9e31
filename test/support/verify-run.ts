import { createPublicKey } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { PublicKeys } from '../../verify/public-keys.ts';
import { exitCodeOf, summarise } from '../../verify/summary.ts';
import type { DigestVerdict, HourVerdict, LogVerdict, Verdict } from '../../verify/verdict.ts';
import { verifySource } from '../../verify/verify-source.ts';
import type { VerifyOptions } from '../../verify/verify-options.ts';
import type { HourPlan, SigningKey, TrailObject } from './digest-trail.ts';
import { buildChain, hourMs, memoryStore, region, signingKey, start } from './digest-trail.ts';

export const keyA = signingKey();
export const keyB = signingKey();
export const stranger = signingKey();

export function keysOf(keys: readonly SigningKey[], isComplete = true): PublicKeys {
  const known = keys.map(({ fingerprint, value }) => ({
    fingerprint,
    value,
    region,
    key: createPublicKey({ key: Buffer.from(value, 'base64'), format: 'der', type: 'pkcs1' }),
  }));
  return {
    isComplete,
    find: (fingerprint) => Promise.resolve(known.find((key) => key.fingerprint === fingerprint)),
    known: () => known,
  };
}

export const publicKeys = keysOf([keyA, keyB]);

export async function run(
  objects: Map<string, TrailObject>,
  options: Partial<VerifyOptions> = {},
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const store = memoryStore(objects);
  for await (const verdict of verifySource({ store, publicKeys, ...options })) {
    verdicts.push(verdict);
  }
  return verdicts;
}

export const digestsOf = (all: Verdict[]) =>
  all.filter((one): one is DigestVerdict => one.kind === 'digest');
export const logsOf = (all: Verdict[]) =>
  all.filter((one): one is LogVerdict => one.kind === 'log');
export const hoursOf = (all: Verdict[]) =>
  all
    .filter((one): one is HourVerdict => one.kind === 'hour')
    .sort((a, b) => (a.hour_from < b.hour_from ? -1 : 1));
export const exit = async (all: Verdict[]) => exitCodeOf(await summarise(all));
export const statusOf = (all: Verdict[], key: string) =>
  all.flatMap((one) => (one.kind !== 'hour' && one.key === key ? [one.status] : []));
export const isoAt = (hours: number) =>
  new Date(start + hours * hourMs).toISOString().replace('.000', '');

export function plan(...logs: number[]): HourPlan[] {
  return logs.map((count) => ({ logs: count, key: keyA }));
}

export function fresh(hours: readonly HourPlan[]) {
  const objects = new Map<string, TrailObject>();
  return { objects, digests: buildChain(objects, hours) };
}

export const range = (hours: number) => ({ from: start, to: start + hours * hourMs });

export function recompress(object: TrailObject, change: (content: Buffer) => Buffer): TrailObject {
  return { ...object, bytes: gzipSync(change(gunzipSync(object.bytes))) };
}

export function flip(bytes: Buffer, at: number, xor: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ xor;
  return changed;
}
