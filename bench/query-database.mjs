// Fills a keymeter database with synthetic events by SQL, for the timing of analyses: the star's
// shape is that of a real organisation (few accounts take most calls, days have a noon, 15 % of the
// calls come in bursts, S3 contexts dominate), but no event went through a reader or the writer.
import { openDatabase } from '../dist/store/database.js';
import { addCallSeconds } from '../dist/store/write/call-seconds.js';
import { createMacrosSql } from '../dist/store/macros.js';
import { Writer } from '../dist/store/write/writer.js';

const days = 30;
export const benchFrom = '2026-09-01';

const regions = ['eu-central-1', 'us-east-1', 'us-west-2', 'ap-southeast-2'];
const accounts = 6;
const shapes = { callsPerRegion: 600, identities: 6_000, clients: 4_000, keys: 1_500 };

/** A whole number below n from the row's number, skewed to small numbers by the power. */
const pick = (n, salt, power = 1) =>
  `CAST(floor(${n} * power((hash(i * 31 + ${salt}) % 1000003) / 1000003.0, ${power})) AS INTEGER)`;

const dimensions = [
  // 600 calls a Region: operation, quota, service, bucket; every tenth shape is throttled, every
  // hundredth denied. Rows are ordered so that shape 0 mod 10 is the throttled one.
  `INSERT INTO calls
   SELECT CAST(i AS INTEGER), ([${regions.map((r) => `'${r}'`).join(', ')}])[CAST(i % 4 AS INTEGER) + 1],
     op.operation, op.operation_class, 'AwsApiCall', op.operation <> 'CreateGrant', op.quota_id, false, NULL,
     CASE WHEN op.quota_id = 'crypto_symmetric' THEN 'SYMMETRIC_DEFAULT' END, NULL,
     CASE WHEN op.kind = 's3' THEN 's3.amazonaws.com' WHEN op.kind = 'secretsmanager' THEN 'secretsmanager.amazonaws.com' END,
     op.kind NOT IN ('s3', 'secretsmanager'),
     CASE WHEN (i // 4) % 10 = 0 THEN 'throttled' WHEN (i // 4) % 100 = 1 THEN 'denied' ELSE 'success' END,
     CASE WHEN (i // 4) % 10 = 0 THEN 'ThrottlingException' WHEN (i // 4) % 100 = 1 THEN 'AccessDenied' END,
     op.kind, CASE WHEN op.kind = 's3' THEN 'bucket-' || ((i // 4) % 60) END,
     CASE WHEN op.kind = 's3' THEN (i // 4) % 60 < 10 END
   FROM range(${regions.length * shapes.callsPerRegion}) AS r(i)
   JOIN (VALUES (0, 'Decrypt', 'cryptographic', 'crypto_symmetric', 's3'), (1, 'GenerateDataKey', 'cryptographic', 'crypto_symmetric', 's3'),
     (2, 'Decrypt', 'cryptographic', 'crypto_symmetric', 'other'), (3, 'Decrypt', 'cryptographic', 'crypto_symmetric', 'secretsmanager'),
     (4, 'Encrypt', 'cryptographic', 'crypto_symmetric', 'other'), (5, 'Sign', 'cryptographic', 'crypto_rsa', 'none'),
     (6, 'Verify', 'cryptographic', 'crypto_ecc_sm2', 'none'), (7, 'DescribeKey', 'management_read', 'op_DescribeKey', 'none'),
     (8, 'CreateGrant', 'grant', 'op_CreateGrant', 'none'), (9, 'GetPublicKey', 'management_read', 'op_GetPublicKey', 'none')
   ) AS op(no, operation, operation_class, quota_id, kind)
     ON op.no = CASE WHEN (i // 4) % 40 < 37 THEN (i // 4) % 5 ELSE 5 + (i // 4) % 5 END`,
  `INSERT INTO identities
   SELECT CAST(i AS INTEGER), a, a, 'identity',
     CASE WHEN i % 50 = 49 THEN 'cloudtrail.amazonaws.com' ELSE 'arn:aws:iam::' || a || ':role/app-' || (i % 400) END,
     CASE WHEN i % 50 = 49 THEN 'AWSService' ELSE 'AssumedRole' END, 'session-' || i,
     'arn:aws:sts::' || a || ':assumed-role/app-' || (i % 400) || '/session-' || i, 'ASIA' || i, false
   FROM (SELECT i, CAST(100000000000 + ${pick(accounts, 7, 5)} * 11111111111 AS VARCHAR) AS a FROM range(${shapes.identities}) AS r(i))`,
  `INSERT INTO clients SELECT CAST(i AS INTEGER), '10.0.' || (i // 250) || '.' || (i % 250), '10.0.' || (i // 250) || '.' || (i % 250),
     'aws-sdk-java/2.' || (i % 30), NULL, 'TLSv1.3' FROM range(${shapes.clients}) AS r(i)`,
  `INSERT INTO keys SELECT CAST(i AS INTEGER), '100000000000', 'arn:aws:kms:eu-central-1:100000000000:key/' || gen_random_uuid(), NULL, NULL,
     CASE WHEN i % 300 = 299 THEN 'cks-' || i END, CASE WHEN i % 300 = 299 THEN 'custom_key_store_xks' END, NULL
   FROM range(${shapes.keys}) AS r(i)`,
];

/** One day of events: 85 % around noon, 15 % in bursts of about 2,000 calls within 6 seconds. */
const dayOfEvents = (day, first, rows) => `
  INSERT INTO events
  SELECT gen_random_uuid(), NULL, NULL, NULL, gen_random_uuid(), NULL,
    CAST('${benchFrom}' AS TIMESTAMP) + to_seconds(${day * 86_400} + CAST(floor(CASE WHEN burst >= 0 THEN burst_start + (i % 2000) / 350
      ELSE 86400 * ((hash(i * 3) % 100003 + hash(i * 5) % 100003 + hash(i * 7) % 100003) / 300009.0) END) AS BIGINT)),
    CASE WHEN burst >= 0 AND hash(i) % 12 > 0 THEN ${pick(regions.length, 1, 5)} + 4 * ((burst % 60) * 10 + 1 + CAST(hash(i * 17) % 4 AS INTEGER))
      WHEN burst >= 0 AND hash(i) % 3 = 0 THEN ${pick(regions.length, 1, 5)} + 4 * ((burst % 60) * 10)
      ELSE ${pick(regions.length, 2, 5)} + 4 * (1 + ${pick(9, 3)} + 10 * ${pick(60, 4, 1.5)}) END,
    CASE WHEN burst >= 0 THEN CAST((burst * 37 + hash(i * 19) % 12) % ${shapes.identities} AS INTEGER) ELSE ${pick(shapes.identities, 5, 2)} END, ${pick(shapes.clients, 6, 2)}, ${pick(shapes.keys, 8, 2)},
    NULL,
    CASE WHEN hash(i * 41) % 10 < 6 THEN '{"aws:s3:arn":"arn:aws:s3:::bucket-' || (hash(i * 43) % 60) || '/object-' || (hash(i * 47) % 1000000) || '"}' END,
    CASE WHEN hash(i * 41) % 10 < 6 THEN 'arn:aws:s3:::bucket-' || (hash(i * 43) % 60) || '/object-' || (hash(i * 47) % 1000000) END,
    NULL, NULL, true, 0, CAST(i % 200 AS INTEGER)
  FROM (SELECT i, burst, (hash(burst * 13 + ${day}) % 86000) AS burst_start FROM (
    SELECT i, CASE WHEN (i // 2000) % 20 < 3 THEN i // 2000 ELSE -1 END AS burst FROM range(${first}, ${first + rows}) AS r(i)))`;

/** Makes (or opens, when it holds that many events already) a database of `events` rows. */
export async function queryDatabase(file, events, threads) {
  const database = await openDatabase(file, { threads });
  const connection = await database.connect();
  const stored = await connection.runAndReadAll('SELECT count(*) FROM events');
  // A database of an earlier run may lack a macro.
  for (const sql of createMacrosSql) await connection.run(sql);
  if (Number(stored.getRows()[0][0]) === events) return database;
  for (const sql of dimensions) await connection.run(sql);
  await connection.run(
    `INSERT INTO ingest_objects SELECT gen_random_uuid(), 0, 'local', '', '/bench', '1', 1, NULL, NULL, 1, 'ok', 0, NULL, NULL, NULL, NULL,
     ${events}, 0, ${events}, 0, 0, 0, NULL, NULL, NULL, NULL, 1, 'bench', now()::TIMESTAMP`,
  );
  for (let day = 0; day < days; day++) {
    const first = Math.floor((events * day) / days);
    await connection.run(dayOfEvents(day, first, Math.floor((events * (day + 1)) / days) - first));
  }
  await addCallSeconds(connection, 'events', 1);
  connection.closeSync();
  const writer = await Writer.open(database);
  await writer.fold();
  writer.close();
  return database;
}
