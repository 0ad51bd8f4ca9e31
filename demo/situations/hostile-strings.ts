import { roleSession } from '../callers.ts';
import { encrypt, type Context } from '../kms-calls.ts';
import { accounts, isoSecond, keyOf } from '../organisation.ts';
import type { Plan } from '../plan.ts';

/** What an attacker may put where CloudTrail writes the caller's own words. */
export const hostileStrings = [
  '<script>alert("keymeter")</script>',
  '"><img src=x onerror=alert(1)>',
  `=cmd|' /C calc'!A0`,
  '+1+1',
  '@SUM(1+9)*cmd',
  '\u001b[31mred\u001b[0m\u001b]0;title\u0007',
  'nul\u0000inside',
  'right-to-left \u202Egnp.exe',
  "Robert'); DROP TABLE kms_events;--",
  '\ud83d\udd11 \u00e9\u00e8 \u4e2d\u6587',
  'a\r\nSet-Cookie: x=1',
  '${jndi:ldap://127.0.0.1/a}',
  '{"Records":[{"eventSource":"kms.amazonaws.com","eventName":"Decrypt"}]}',
  '\\u0022 \\" \\\\',
] as const;

/** Each string once in userAgent, session name, encryption context (both sides) and errorMessage. */
export function plantHostileStrings(plan: Plan) {
  const account = accounts.sandbox;
  const region = 'eu-central-1';
  const key = keyOf(account, region, 'hostile');
  const from = plan.at(25, '20:00:00');
  hostileStrings.forEach((text, i) => {
    const caller = roleSession(account, 'public-upload', text, { userAgent: text });
    const context: Context = { note: text, [text]: 'key' };
    plan.kms(encrypt(key, context), { at: from + 2 * i, caller });
    const error = { code: 'InvalidCiphertextException', message: text };
    plan.kms(encrypt(key, context), { at: from + 2 * i + 1, caller, error });
  });
  return {
    account_id: account,
    region,
    key_arn: key.arn,
    principal_arn: `arn:aws:iam::${account}:role/public-upload`,
    strings: [...hostileStrings],
    events: 2 * hostileStrings.length,
    failed_events: hostileStrings.length,
    started_at: isoSecond(from),
  };
}
