/** An ARN of a KMS key (not of an alias), multi-Region keys included. */
const keyArn = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/(mrk-)?[0-9a-f-]+$/;

export const isKeyArn = (text: string): boolean => keyArn.test(text);

/** Whether the text is a bare key id, which stands for a key of the caller's account and Region. */
export const isBareKeyId = (text: string): boolean => /^(mrk-)?[0-9a-f-]{32,36}$/.test(text);

/** The account part of any ARN; null when it has none. */
export function accountOfArn(arn: string | null): string | null {
  if (arn === null || !arn.startsWith('arn:')) return null;
  const account = arn.split(':', 5)[4];
  return account !== undefined && /^\d{12}$/.test(account) ? account : null;
}

/** The partition of a Region. Source: ARN format of the AWS General Reference. */
export function partitionOfRegion(region: string | null): string {
  if (region?.startsWith('cn-')) return 'aws-cn';
  if (region?.startsWith('us-gov-')) return 'aws-us-gov';
  return 'aws';
}
