import {
  HeadBucketCommand,
  ListObjectsV2Command,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';

import { toKeymeterError } from './s3-errors.ts';
import { concurrencyDefault, tuningOf, type S3Config } from './s3-settings.ts';

/**
 * An S3 client that gives up on silence. The SDK's defaults have no time limit on a stalled answer; its
 * checks of checksums (`WHEN_SUPPORTED`) stay on, for without them a flipped bit comes back as success.
 */
export function createS3Client(config: S3Config): S3Client {
  // The versions are pinned, so the SDK's note about Node versions of later releases is noise.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const tuning = tuningOf(config);
  const maxSockets = config.concurrency ?? concurrencyDefault;
  const settings: S3ClientConfig = {
    maxAttempts: tuning.maxAttempts,
    followRegionRedirects: true,
    forcePathStyle: config.pathStyle ?? false,
    requestHandler: {
      connectionTimeout: tuning.connectionTimeoutMs,
      requestTimeout: tuning.requestTimeoutMs,
      socketTimeout: tuning.socketTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets },
      httpsAgent: { keepAlive: true, maxSockets },
    },
  };
  if (config.region !== undefined) settings.region = config.region;
  if (config.endpoint !== undefined) settings.endpoint = config.endpoint;
  if (config.profile !== undefined) settings.profile = config.profile;
  if (config.anonymous) {
    // Unsigned requests: no credentials are looked for, and the signer leaves the request as it is.
    settings.credentials = { accessKeyId: '', secretAccessKey: '' };
    settings.signer = { sign: async (request) => request };
  }
  const client = new S3Client(settings);
  if (config.requesterPays) {
    // S3 refuses every request for such a bucket that does not bear this header.
    client.middlewareStack.add(
      (next) => async (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        headers['x-amz-request-payer'] = 'requester';
        return next(args);
      },
      { step: 'build', name: 'payRequests' },
    );
  }
  return client;
}

/**
 * Less patience, for the first requests: an endpoint that says nothing is known to be silent after
 * 2 x 10 seconds, not after 5 x 15.
 */
export function opening<C extends S3Config>(config: C): C {
  const { maxAttempts, requestTimeoutMs, socketTimeoutMs, ...others } = tuningOf(config);
  return {
    ...config,
    tuning: {
      ...others,
      maxAttempts: Math.min(2, maxAttempts),
      requestTimeoutMs: Math.min(10_000, requestTimeoutMs),
      socketTimeoutMs: Math.min(10_000, socketTimeoutMs),
    },
  };
}

const isSilence = (error: unknown) =>
  /^(TimeoutError|ETIMEDOUT|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/.test(
    (error as { code?: string }).code ?? (error as Error).name,
  ) || (error as Error).name === 'TimeoutError';

/**
 * The region of a bucket: as the settings, the environment or the profile name it (else us-east-1), put
 * right by what S3 itself answers. The SDK would follow S3's redirect too, but for each GET anew.
 */
export async function resolveRegion(config: S3Config, bucket: string): Promise<string> {
  const named = createS3Client(config);
  const region = await named.config.region().catch(() => 'us-east-1');
  named.destroy();
  const client = createS3Client({ ...opening(config), region });
  try {
    const answer = await client.send(new HeadBucketCommand({ Bucket: bucket }));
    return answer.BucketRegion ?? region;
  } catch (error) {
    // Silence: another request would only wait as long again.
    if (statusOf(error) === undefined && isSilence(error)) {
      throw toKeymeterError(error, 'transient', bucket);
    }
    // What else is wrong is said by the first listing, in an answer that has a body.
    if (statusOf(error) !== 400) return region;
    const list = new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 });
    const refusal: unknown = await client.send(list).catch((refused: unknown) => refused);
    const right = (refusal as { Region?: unknown }).Region;
    return typeof right === 'string' ? right : region;
  } finally {
    client.destroy();
  }
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
