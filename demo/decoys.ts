import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeGzip } from './delivery.ts';
import { accounts, demoStart, isoSecond, organisationId } from './organisation.ts';

/**
 * One digest and one Insight file beside the logs, as in real buckets. Their folders begin with the
 * same letters as the logs' folder; a reader that takes them counts what never happened.
 */
export async function writeDecoys(directory: string): Promise<string[]> {
  const account = accounts.prod;
  const region = 'eu-central-1';
  const root = `AWSLogs/${organisationId}/${account}`;
  const day = '2026/10/05';
  const digest = {
    path:
      `${root}/CloudTrail-Digest/${region}/${day}/` +
      `${account}_CloudTrail-Digest_${region}_organisation_${region}_20261005T010000Z.json.gz`,
    body: {
      awsAccountId: account,
      digestStartTime: isoSecond(demoStart),
      digestEndTime: isoSecond(demoStart + 3600),
      digestS3Bucket: 'acme-org-trail',
      digestS3Object: `${root}/CloudTrail-Digest/${region}/${day}/demo.json.gz`,
      digestPublicKeyFingerprint: '00000000000000000000000000000000',
      digestSignatureAlgorithm: 'SHA256withRSA',
      newestEventTime: null,
      oldestEventTime: null,
      previousDigestS3Bucket: null,
      previousDigestS3Object: null,
      previousDigestHashValue: null,
      previousDigestHashAlgorithm: null,
      previousDigestSignature: null,
      logFiles: [],
    },
  };
  const insight = {
    path:
      `${root}/CloudTrail-Insight/${region}/${day}/` +
      `${account}_CloudTrail-Insight_${region}_20261005T1000Z_kfZqP1aTj3mNbV0x.json.gz`,
    body: {
      Records: [
        {
          eventVersion: '1.08',
          eventTime: isoSecond(demoStart + 36_000),
          awsRegion: region,
          eventID: '5c1d3fc6-6ab8-4a2c-9a57-2f3f4dbb7c10',
          eventType: 'AwsCloudTrailInsight',
          recipientAccountId: account,
          sharedEventID: 'a2ad3c1e-7c20-45c8-8e39-8a4b4f9c6a11',
          insightDetails: {
            state: 'Start',
            eventSource: 'kms.amazonaws.com',
            eventName: 'Decrypt',
            insightType: 'ApiCallRateInsight',
            insightContext: {
              statistics: { baseline: { average: 0.2 }, insight: { average: 90 } },
            },
          },
          eventCategory: 'Insight',
        },
      ],
    },
  };
  for (const { path, body } of [digest, insight]) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeGzip(join(directory, path), JSON.stringify(body));
  }
  return [digest.path, insight.path];
}
