import { createHash, verify } from 'node:crypto';
import { z } from 'zod';
import type { PublicKey } from './public-keys.ts';

const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
  .refine((text) => !Number.isNaN(Date.parse(text)), 'no instant');
const sha256Hex = z.string().regex(/^[0-9a-fA-F]{64}$/);
const hex = z.string().regex(/^(?:[0-9a-fA-F]{2})+$/);

/**
 * A digest as CloudTrail writes it. Fields that no check needs are left alone, so that a field AWS
 * adds later breaks nothing. The previous* fields are null in a starting digest.
 * Source: AWS CloudTrail User Guide, "CloudTrail digest file structure".
 */
const digestSchema = z
  .object({
    awsAccountId: z.string().optional(),
    digestStartTime: instant,
    digestEndTime: instant,
    digestS3Bucket: z.string(),
    digestS3Object: z.string(),
    digestPublicKeyFingerprint: z.string(),
    previousDigestS3Bucket: z.string().nullish(),
    previousDigestS3Object: z.string().nullish(),
    previousDigestHashValue: sha256Hex.nullish(),
    previousDigestHashAlgorithm: z.string().nullish(),
    previousDigestSignature: hex.nullable(),
    logFiles: z
      .array(
        z.object({
          s3Bucket: z.string(),
          s3Object: z.string(),
          hashValue: sha256Hex,
          hashAlgorithm: z.string(),
        }),
      )
      .nullish()
      .transform((files) => files ?? []),
  })
  .refine(
    (digest) => digest.digestStartTime < digest.digestEndTime,
    'the period ends before it begins',
  );

export type Digest = z.infer<typeof digestSchema>;
export type DigestLogFile = Digest['logFiles'][number];

/** Parses the uncompressed bytes of a digest; throws with what is wrong. */
export function parseDigest(content: Buffer): Digest {
  const parsed = digestSchema.safeParse(JSON.parse(content.toString('utf8')));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${issue?.path.join('.') || 'digest'}: ${issue?.message ?? 'invalid'}`);
}

/**
 * The string that CloudTrail signs: end time, location, hash of the uncompressed digest and the
 * signature of the one before (the word null in a starting digest), one to a line.
 * Source: AWS CloudTrail User Guide, "Custom implementations of log file integrity validation".
 */
export function stringToSign(digest: Digest, content: Buffer): string {
  return [
    digest.digestEndTime,
    `${digest.digestS3Bucket}/${digest.digestS3Object}`,
    createHash('sha256').update(content).digest('hex'),
    digest.previousDigestSignature ?? 'null',
  ].join('\n');
}

/** RSASSA-PKCS1-v1_5 with SHA-256 over the string to sign; false for a malformed signature too. */
export function hasValidSignature(
  digest: Digest,
  content: Buffer,
  signatureHex: string,
  publicKey: PublicKey,
): boolean {
  if (!hex.safeParse(signatureHex).success) return false;
  return verify(
    'RSA-SHA256',
    Buffer.from(stringToSign(digest, content)),
    publicKey.key,
    Buffer.from(signatureHex, 'hex'),
  );
}
