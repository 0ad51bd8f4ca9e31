// Independent of the product: reads CloudTrail files with JSON.parse and counts, for each bucket that
// CloudTrail delivers to, the KMS calls of writes and reads, and how many an S3 Bucket Key would leave.
// Usage: node log-bucket-truth.mjs DIRECTORY
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { pathToFileURL } from 'node:url';

export function logBucketTruth(directory) {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const seen = new Set();
  const calls = [];
  for (const file of files.filter((name) => name.endsWith('.json.gz')).sort()) {
    const { Records } = JSON.parse(gunzipSync(readFileSync(join(directory, file))).toString());
    for (const record of Records ?? []) {
      if (record.eventSource !== 'kms.amazonaws.com' || record.eventType !== 'AwsApiCall') continue;
      if (record.errorCode || seen.has(record.eventID)) continue;
      seen.add(record.eventID);
      if (record.eventName !== 'GenerateDataKey' && record.eventName !== 'Decrypt') continue;
      const context = record.requestParameters?.encryptionContext ?? {};
      const object = context['aws:s3:arn'];
      if (!object || !context['aws:cloudtrail:arn']) continue;
      const identity = record.userIdentity;
      calls.push({
        second: Date.parse(record.eventTime) / 1000,
        write: record.eventName === 'GenerateDataKey',
        bucket: object.split(':::')[1].split('/')[0],
        object,
        role: identity.sessionContext?.sessionIssuer?.arn ?? identity.arn ?? identity.invokedBy,
        session: identity.arn ?? identity.invokedBy,
      });
    }
  }
  const buckets = {};
  for (const bucket of new Set(calls.map((call) => call.bucket))) {
    const own = calls.filter((call) => call.bucket === bucket);
    const writes = own.filter((call) => call.write);
    const reads = own.filter((call) => !call.write);
    const result = { writes: writes.length, reads: reads.length, after: {} };
    for (const T of [60, 300, 900, 3600]) {
      for (const who of ['role', 'session']) {
        result.after[`${T} ${who}`] = after(writes, reads, T, who);
      }
    }
    buckets[bucket] = result;
  }
  return buckets;
}

function after(writes, reads, T, who) {
  const kept = { writes: 0, reads_written: 0, reads_older_low: 0, reads_older_high: 0 };
  const starts = {};
  for (const name of new Set(writes.map((call) => call[who]))) {
    starts[name] = opened(
      writes.filter((call) => call[who] === name).map((call) => call.second),
      T,
    );
    kept.writes += starts[name].length;
  }
  const groups = { reads_written: {}, reads_older_low: {}, reads_older_high: {} };
  for (const read of reads) {
    const before = writes.filter((w) => w.object === read.object && w.second <= read.second);
    if (before.length > 0) {
      const last = before.sort((a, b) => a.second - b.second).at(-1);
      const start = starts[last[who]].findLast((s) => s <= last.second);
      (groups.reads_written[`${last[who]} ${start} ${read[who]}`] ??= []).push(read.second);
    } else {
      (groups.reads_older_low[read[who]] ??= []).push(read.second);
      (groups.reads_older_high[`${read.object} ${read[who]}`] ??= []).push(read.second);
    }
  }
  for (const [name, members] of Object.entries(groups)) {
    for (const seconds of Object.values(members)) kept[name] += opened(seconds, T).length;
  }
  return kept;
}

function opened(seconds, T) {
  const starts = [];
  for (const second of seconds.sort((a, b) => a - b)) {
    if (starts.length === 0 || second >= starts.at(-1) + T) starts.push(second);
  }
  return starts;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(JSON.stringify(logBucketTruth(process.argv[2]), null, 1));
}
