import { roleSession } from '../callers.ts';
import { decrypt, generateDataKey } from '../kms-calls.ts';
import { accounts, isoSecond, keyOf } from '../organisation.ts';
import type { Plan } from '../plan.ts';
import { idOfName } from '../rng.ts';

const account = accounts.data;
const region = 'us-east-1';

/** A cache entry lives while `t - t0 <= maxAge`, so it also serves the call at its last second. */
const entries = (count: number, spacing: number, maxAge: number, maxMessages: number): number =>
  Math.ceil(count / Math.min(maxMessages, Math.floor(maxAge / spacing) + 1));

/**
 * An Encryption SDK application that asks for a data key for every message, every 2 seconds. The
 * signing suite puts a new public key in every context, which hides that all contexts are alike.
 */
export function plantEncryptionSdk(plan: Plan) {
  const from = plan.at(17, '12:00:00');
  const key = keyOf(account, region, 'orders-esdk');
  const userAgent =
    'aws-sdk-js/3.658.1 ua/2.1 os/linux#6.1 lang/js md/nodejs#20.18 api/kms#3.658.1 AwsEncryptionSdkJavascript/4.2.0';
  const caller = roleSession(account, 'orders-encryptor', 'orders-encryptor-1', { userAgent });
  const reader = roleSession(account, 'orders-reader', 'orders-reader-1', { userAgent });
  const messages = 900;
  const spacing = 2;
  const context = { purpose: 'orders', tenant: 'acme' };
  const publicKey = (i: number): string => `A${idOfName('', `message ${i}`, 60)}==`;
  const signed = (i: number) => ({ 'aws-crypto-public-key': publicKey(i), ...context });
  for (let i = 0; i < messages; i += 1) {
    const call = generateDataKey(key, signed(i), { numberOfBytes: 32 });
    plan.kms(call, { at: from + i * spacing, caller });
  }
  for (let i = 0; i < 300; i += 1) {
    plan.kms(decrypt(key, signed(i)), { at: from + 3600 + i * spacing, caller: reader });
  }
  // One message read again and again: a decrypt cache would have answered all but the first.
  for (let i = 0; i < 20; i += 1) {
    plan.kms(decrypt(key, signed(5000)), { at: from + 4800 + i * 3, caller: reader });
  }
  return {
    account_id: account,
    region,
    key_arn: key.arn,
    principal_arn: caller.principalArn,
    reader_principal_arn: reader.principalArn,
    context,
    started_at: isoSecond(from),
    encrypt_calls_before: messages,
    spacing_seconds: spacing,
    /** Calls left for maxAge in seconds without, and with at most 100 messages for a data key. */
    encrypt_calls_after: {
      60: entries(messages, spacing, 60, Infinity),
      300: entries(messages, spacing, 300, Infinity),
      3600: entries(messages, spacing, 3600, Infinity),
    },
    encrypt_calls_after_100_messages: {
      60: entries(messages, spacing, 60, 100),
      300: entries(messages, spacing, 300, 100),
      3600: entries(messages, spacing, 3600, 100),
    },
    decrypt_calls_before: 320,
    decrypt_calls_after: { 60: 301, 300: 301 },
  };
}
