import { objectField, textField, type JsonObject } from '../records/record.ts';
import { accountOfArn } from './arn.ts';

/** Who made a call (definitions: Caller account). */
export interface Identity {
  account_id: string | null;
  caller_account_id: string | null;
  /** Where caller_account_id comes from: identity, arn, recipient, path, unknown. */
  caller_account_basis: string;
  principal_arn: string;
  principal_type: string;
  session_name: string | null;
  caller_arn: string | null;
  access_key_id: string | null;
}

const assumedRole = /^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role\/(.+)\/([^/]+)$/;

/** Reads userIdentity; `recipient` is recipientAccountId, `pathAccount` the account of the file's path. */
export function identityOf(
  user: JsonObject | null,
  recipient: string | null,
  pathAccount: string | null,
): Identity {
  const type = textField(user, 'type');
  const arn = textField(user, 'arn');
  const role = arn ? assumedRole.exec(arn) : null;
  const principal = principalOf(user, type, arn, role);
  const [caller, basis] = callerAccount(user, arn, principal, recipient, pathAccount);
  return {
    account_id: recipient ?? textField(user, 'accountId') ?? pathAccount,
    caller_account_id: caller,
    caller_account_basis: basis,
    principal_arn: principal,
    principal_type: type ?? 'unknown',
    session_name: role ? role[4]! : null,
    caller_arn: arn,
    access_key_id: textField(user, 'accessKeyId'),
  };
}

function principalOf(
  user: JsonObject | null,
  type: string | null,
  arn: string | null,
  role: RegExpExecArray | null,
): string {
  if (user === null) return 'unknown';
  const context = objectField(user, 'sessionContext');
  const issuer = textField(context && objectField(context, 'sessionIssuer'), 'arn');
  if ((type === 'AssumedRole' || type === 'FederatedUser' || role) && issuer) return issuer;
  // The sts form has lost the role's path; the name and account are all that is left.
  if (role) return `arn:${role[1]}:iam::${role[2]}:role/${role[3]}`;
  const service = textField(user, 'invokedBy');
  if (type === 'AWSService' && service) return service;
  return (
    arn ?? service ?? textField(user, 'principalId') ?? textField(user, 'accountId') ?? 'unknown'
  );
}

function callerAccount(
  user: JsonObject | null,
  arn: string | null,
  principal: string,
  recipient: string | null,
  pathAccount: string | null,
): [string | null, string] {
  const own = textField(user, 'accountId');
  if (own) return [own, 'identity'];
  const ofArn = accountOfArn(arn) ?? accountOfArn(principal);
  if (ofArn) return [ofArn, 'arn'];
  if (recipient) return [recipient, 'recipient'];
  if (pathAccount) return [pathAccount, 'path'];
  return [null, 'unknown'];
}
