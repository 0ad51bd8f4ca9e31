import type { LeverName } from './service-replay.ts';

/** What a person needs to pull a lever: plain words, the setting, and what the log cannot show. */
export interface LeverFacts {
  title: string;
  change: string;
  unobservable: string;
}

/** Quotes a value for a POSIX shell: resource names come from the log, that is, from callers. */
export function shellQuoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

const queueName = (arn: string) => arn.split(':').at(-1) ?? arn;

/** The facts of a lever for one resource; commands quote what the log names. */
export function leverFacts(lever: LeverName, resource: string, target_seconds: number): LeverFacts {
  switch (lever) {
    case 'sqs_reuse':
      return {
        title: 'Queue reuses its data key for a short time only',
        change: `aws sqs set-queue-attributes --queue-url "$(aws sqs get-queue-url --queue-name ${shellQuoted(queueName(resource))} --query QueueUrl --output text)" --attributes KmsDataKeyReusePeriodSeconds=${target_seconds}`,
        unobservable:
          'the present reuse period (300 s is the default) and how many hosts of SQS fetch a key; a revoked key stays usable for one period',
      };
    case 'dynamodb_connections':
      return {
        title: 'Client opens a new DynamoDB connection for each request',
        change:
          'keep one DynamoDB client for the life of the process and keep its connections alive (SDK for JavaScript 2: AWS_NODEJS_CONNECTION_REUSE_ENABLED=1; newer SDKs by default); create it outside the handler',
        unobservable: 'connections: each holds the table key for about five minutes of use',
      };
    case 'secret_cache':
      return {
        title: 'Secret is fetched again and again',
        change: `cache the secret in the client for ${target_seconds} s (AWS Secrets Manager caching client, Agent, or the Lambda extension)`,
        unobservable: 'processes behind one session; a rotated secret is seen after the cache time',
      };
    case 'parameter_cache':
      return {
        title: 'SecureString parameter is fetched again and again',
        change: `cache the parameter in the client for ${target_seconds} s (AWS Parameters and Secrets Lambda extension or SDK-side cache); batching with GetParameters does not spare KMS calls`,
        unobservable:
          'processes behind one session; a changed parameter is seen after the cache time',
      };
    case 'branch_key_cache':
      return {
        title: 'Hierarchical keyring caches its branch key too briefly',
        change: `set the hierarchical keyring's cache time to ${target_seconds} s (cacheTTL / ttlSeconds) and share one cache among the clients of a process`,
        unobservable: 'processes and caches behind one session',
      };
    case 'lambda_cold_starts':
      return {
        title: 'Function decrypts its environment at each cold start',
        change: `fewer cold starts (aws lambda put-provisioned-concurrency-config --function-name ${shellQuoted(resource)} --qualifier <alias> --provisioned-concurrent-executions <n>), or read the value from a parameter with a cache`,
        unobservable:
          'why an environment started; without a customer key the calls go to the AWS managed key all the same',
      };
    case 'log_bucket_key':
      return {
        title: 'CloudTrail log bucket has no bucket key',
        change: bucketKeyCommand(resource),
        unobservable:
          'how long S3 reuses a bucket key; that it serves log delivery is taken from its wording, unverified',
      };
    default:
      return lever satisfies never;
  }
}

/** The command that switches a bucket key on; it keeps the key and replaces the default encryption. */
export function bucketKeyCommand(bucket: string, key_arn = '<key-arn>'): string {
  const rules = JSON.stringify({
    Rules: [
      {
        ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key_arn },
        BucketKeyEnabled: true,
      },
    ],
  });
  return `aws s3api put-bucket-encryption --bucket ${shellQuoted(bucket)} --server-side-encryption-configuration ${shellQuoted(rules)}`;
}
