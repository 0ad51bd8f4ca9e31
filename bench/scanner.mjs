// Microseconds per record, one thread: gunzip alone, the scanner alone, JSON.parse of everything.
// The data is made in memory: records of about 1.7 KB, 40 % of them KMS, sessions that repeat.
//   node bench/scanner.mjs [files] [records per file] [KMS share]
import { gunzipSync, gzipSync } from 'node:zlib';
import { Scanner } from '../dist/ingest/scan/scanner.js';

const [fileCount = 20, perFile = 1000, share = 0.4] = process.argv.slice(2).map(Number);
const rounds = 7;

/** A small seeded generator: the same data in each run. */
let state = 20260101;
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}
const below = (n) => Math.floor(random() * n);
const hex = (n) => Array.from({ length: n }, () => '0123456789abcdef'[below(16)]).join('');
const uuid = () => [8, 4, 4, 4, 12].map(hex).join('-');

const account = '111122223333';
const sessions = Array.from({ length: 120 }, (_, i) => session(i));
const keys = Array.from({ length: 40 }, () => {
  const arn = `arn:aws:kms:eu-west-1:${account}:key/${uuid()}`;
  return { arn, material: hex(64) };
});

function session(i) {
  const role = `service-role-${i % 30}`;
  const roleId = `AROA${hex(17).toUpperCase()}`;
  const identity = {
    type: 'AssumedRole',
    principalId: `${roleId}:session-${i}`,
    arn: `arn:aws:sts::${account}:assumed-role/${role}/session-${i}`,
    accountId: account,
    accessKeyId: `ASIA${hex(16).toUpperCase()}`,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: roleId,
        arn: `arn:aws:iam::${account}:role/${role}`,
        accountId: account,
        userName: role,
      },
      webIdFederationData: {},
      attributes: { creationDate: '2026-01-01T00:00:00Z', mfaAuthenticated: 'false' },
    },
  };
  const agent = `aws-sdk-java/2.20.${i % 9} Linux/5.10.219 OpenJDK_64-Bit_Server_VM/17.0.11 Java/17.0.11`;
  return { identity, agent, ip: `10.${below(256)}.${below(256)}.${below(256)}` };
}

function record() {
  const { identity, agent, ip } = sessions[below(sessions.length)];
  const kms = random() < share;
  const objectKey = `data/${hex(24)}/part-${below(10000)}.parquet`;
  const bucket = `bucket-${below(20)}`;
  const call = kms ? kmsCall(`arn:aws:s3:::${bucket}/${objectKey}`) : s3Call(bucket, objectKey);
  return {
    eventVersion: '1.11',
    userIdentity: kms && below(2) ? { ...identity, invokedBy: 'fas.s3.amazonaws.com' } : identity,
    eventTime: new Date((1767225600 + below(86400)) * 1000).toISOString().replace('.000Z', 'Z'),
    eventSource: call.source,
    eventName: call.name,
    awsRegion: 'eu-west-1',
    sourceIPAddress: ip,
    userAgent: agent,
    requestParameters: call.parameters,
    responseElements: null,
    additionalEventData: call.additional,
    requestID: uuid(),
    eventID: uuid(),
    readOnly: true,
    resources: call.resources,
    eventType: 'AwsApiCall',
    managementEvent: kms,
    recipientAccountId: account,
    eventCategory: kms ? 'Management' : 'Data',
    tlsDetails: {
      tlsVersion: 'TLSv1.3',
      cipherSuite: 'TLS_AES_128_GCM_SHA256',
      clientProvidedHostHeader: call.source.replace('.', '.eu-west-1.'),
    },
  };
}

function kmsCall(object) {
  const { arn, material } = keys[below(keys.length)];
  return {
    source: 'kms.amazonaws.com',
    name: random() < 0.7 ? 'Decrypt' : 'GenerateDataKey',
    parameters: {
      encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      encryptionContext: { 'aws:s3:arn': object },
      keyId: arn,
    },
    additional: { keyMaterialId: material },
    resources: [{ accountId: account, type: 'AWS::KMS::Key', ARN: arn }],
  };
}

function s3Call(bucketName, key) {
  return {
    source: 's3.amazonaws.com',
    name: 'GetObject',
    parameters: { bucketName, Host: `${bucketName}.s3.eu-west-1.amazonaws.com`, key },
    additional: {
      SignatureVersion: 'SigV4',
      CipherSuite: 'TLS_AES_128_GCM_SHA256',
      bytesTransferredIn: 0,
      AuthenticationMethod: 'AuthHeader',
      'x-amz-id-2': Buffer.from(hex(152), 'hex').toString('base64'),
      bytesTransferredOut: below(1e6),
    },
    resources: [
      { type: 'AWS::S3::Object', ARN: `arn:aws:s3:::${bucketName}/${key}` },
      { accountId: account, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucketName}` },
    ],
  };
}

const texts = Array.from({ length: fileCount }, () =>
  Buffer.from(JSON.stringify({ Records: Array.from({ length: perFile }, record) })),
);
const gzipped = texts.map((text) => gzipSync(text));
const records = fileCount * perFile;
const bytes = texts.reduce((sum, text) => sum + text.length, 0);

const scanner = new Scanner();
const path = { account_id: null, region: null };

/** Each side returns a number made of its result, so that no part of the work can be left out. */
const sides = {
  'scan, facts and combinations': (text) => {
    const result = scanner.scan(text, path);
    if (!result.ok) throw new Error(result.reason);
    return result.end;
  },
  'JSON.parse of all': (text) => JSON.parse(text.toString('latin1')).Records.length,
};

const names = ['gunzip', ...Object.keys(sides)];
const times = Object.fromEntries(names.map((name) => [name, []]));
let consumed = 0;
for (let round = -1; round < rounds; round++) {
  const sums = Object.fromEntries(names.map((name) => [name, 0]));
  const timed = (name, run) => {
    const start = process.hrtime.bigint();
    const result = run();
    sums[name] += Number(process.hrtime.bigint() - start) / 1000;
    return result;
  };
  // File by file, as a worker does it: what is scanned has just been unzipped.
  for (const [i, file] of gzipped.entries()) {
    const chunkSize = texts[i].length + 64;
    const text = timed('gunzip', () => gunzipSync(file, { chunkSize }));
    for (const [name, run] of Object.entries(sides)) consumed += timed(name, () => run(text));
  }
  if (round >= 0) for (const name of names) times[name].push(sums[name] / records);
}
console.log(
  `${records} records of ${Math.round(bytes / records)} bytes, ${share * 100} % KMS; entries by rule ` +
    `${[0, 1, 2, 3].map((rule) => scanner.wasm.entryCount(rule)).join(', ')} (${consumed} consumed)`,
);
for (const [name, values] of Object.entries(times)) {
  const sorted = values.sort((a, b) => a - b);
  const at = (quantile) => sorted[Math.round(quantile * (sorted.length - 1))].toFixed(2);
  console.log(`${name.padEnd(30)} ${at(0.5)} us/record (${at(0)} to ${at(1)})`);
}
