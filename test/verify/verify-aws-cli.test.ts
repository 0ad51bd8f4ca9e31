import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exitCodeOf, summarise } from '../../verify/summary.ts';
import { startAwsDouble } from '../support/aws-double.ts';
import type { AwsDouble } from '../support/aws-double.ts';
import type { BuiltDigest, TrailObject } from '../support/digest-trail.ts';
import {
  account,
  bucket,
  buildChain,
  hourMs,
  region,
  signDigest,
  start,
} from '../support/digest-trail.ts';
import { keyA, keyB, run, stranger } from '../support/verify-run.ts';

/** The AWS CLI as the oracle: the same verdict for every file that it names. */
const cli = process.env['KEYMETER_AWS_CLI'];
if (!cli)
  console.warn('SKIP: KEYMETER_AWS_CLI does not name an aws command; no verdicts to compare');

let aws: AwsDouble;
beforeAll(async () => {
  // The CLI reads only the first page of ListPublicKeys.
  aws = await startAwsDouble(bucket, [keyA, keyB], 10);
});
afterAll(() => aws.close());

/** What `aws cloudtrail validate-logs` says of each file, and its exit code. */
async function askCli(objects: Map<string, TrailObject>) {
  aws.reset(objects);
  const iso = (at: number) => new Date(at).toISOString();
  const flags = {
    'endpoint-url': aws.endpoint,
    region,
    'trail-arn': `arn:aws:cloudtrail:${region}:${account}:trail/main_trail`,
    's3-bucket': bucket,
    'start-time': iso(start),
    'end-time': iso(start + hours * hourMs),
  };
  const given = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_CONFIG_FILE: '/dev/null',
  };
  const args = ['cloudtrail', 'validate-logs', '--verbose', ...given];
  const asked = await promisify(execFile)(cli ?? '', args, { env }).then(
    ({ stdout, stderr }) => ({ text: stdout + stderr, exitCode: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => ({
      text: error.stdout + error.stderr,
      exitCode: error.code,
    }),
  );
  const lines = asked.text.matchAll(/file\ts3:\/\/[^/]+\/([^\t\n]+)\t(valid|INVALID)/g);
  return { ...asked, verdicts: new Map([...lines].map(([, key, verdict]) => [key, verdict])) };
}

/** Two chains: a rotation of the key, a pause that a backfill fills, an empty hour. */
const hours = 9;
function build() {
  const objects = new Map<string, TrailObject>();
  const standard = buildChain(objects, [
    { logs: 2, key: keyA },
    { logs: 0, key: keyA },
    { logs: 1, key: keyB },
    { logs: 1, key: keyB, isStart: true, pauseHours: 2 },
    { logs: 1, key: keyB },
    { logs: 2, key: keyB },
    { logs: 1, key: keyB },
  ]);
  const filling = [
    { logs: 1, key: keyB },
    { logs: 1, key: keyB },
  ];
  const backfill = buildChain(objects, filling, { kind: 'backfill', from: start + 3 * hourMs });
  return { objects, standard, backfill };
}

type Trail = {
  objects: Map<string, TrailObject>;
  standard: BuiltDigest[];
  backfill: BuiltDigest[];
};

const edit = (trail: Trail, key: string, change: (text: string) => string) => {
  const object = trail.objects.get(key)!;
  const content = change(gunzipSync(object.bytes).toString());
  trail.objects.set(key, { ...object, bytes: gzipSync(content) });
};
const swap = ({ objects }: Trail, one: string, other: string) => {
  const kept = objects.get(one)!;
  objects.set(one, objects.get(other)!).set(other, kept);
};

const changes: [string, (trail: Trail) => void][] = [
  ['nothing', () => {}],
  [
    'files compressed anew',
    ({ objects }) => {
      for (const [key, object] of objects) {
        objects.set(key, { ...object, bytes: gzipSync(gunzipSync(object.bytes), { level: 1 }) });
      }
    },
  ],
  ['a changed log', (trail) => edit(trail, trail.standard[2]!.logKeys[0]!, (text) => `${text} `)],
  ['a deleted log', (trail) => trail.objects.delete(trail.standard[5]!.logKeys[1]!)],
  [
    'two logs swapped',
    (trail) => swap(trail, trail.standard[0]!.logKeys[0]!, trail.standard[4]!.logKeys[0]!),
  ],
  [
    'a truncated log',
    ({ objects, standard }) => {
      const key = standard[4]!.logKeys[0]!;
      objects.set(key, { metadata: {}, bytes: objects.get(key)!.bytes.subarray(0, 40) });
    },
  ],
  [
    'a log that is no gzip',
    ({ objects, standard }) =>
      objects.set(standard[4]!.logKeys[0]!, { metadata: {}, bytes: Buffer.from('{"Records":[]}') }),
  ],
  [
    'a changed digest',
    (trail) => edit(trail, trail.standard[4]!.key, (text) => text.replace(/05Z/, '06Z')),
  ],
  [
    'the changed newest digest',
    (trail) => edit(trail, trail.standard[6]!.key, (text) => `${text}\n`),
  ],
  [
    'the changed oldest digest',
    (trail) => edit(trail, trail.standard[0]!.key, (text) => `${text}\n`),
  ],
  ['a digest that is no JSON', (trail) => edit(trail, trail.standard[4]!.key, () => 'digest')],
  [
    'a digest without its end',
    (trail) =>
      edit(trail, trail.standard[4]!.key, (text) => text.replace('"digestEndTime"', '"x"')),
  ],
  ['a deleted digest', (trail) => trail.objects.delete(trail.standard[5]!.key)],
  ['a deleted starting digest', (trail) => trail.objects.delete(trail.standard[3]!.key)],
  ['a deleted backfill digest', (trail) => trail.objects.delete(trail.backfill[0]!.key)],
  [
    'a changed backfill digest',
    (trail) => edit(trail, trail.backfill[1]!.key, (text) => `${text} `),
  ],
  ['two digests swapped', (trail) => swap(trail, trail.standard[4]!.key, trail.standard[5]!.key)],
  [
    'a digest without signature',
    ({ objects, standard }) =>
      objects.set(standard[5]!.key, { ...objects.get(standard[5]!.key)!, metadata: {} }),
  ],
  [
    'a signature with a changed digit',
    ({ objects, standard }) => {
      const object = objects.get(standard[5]!.key)!;
      const { signature = '' } = object.metadata;
      const changed = (signature.startsWith('0') ? '1' : '0') + signature.slice(1);
      objects.set(standard[5]!.key, {
        ...object,
        metadata: { ...object.metadata, signature: changed },
      });
    },
  ],
  [
    'a backfill digest without its generation time',
    ({ objects, backfill }) => {
      const object = objects.get(backfill[1]!.key)!;
      const { signature = '', 'signature-algorithm': algorithm = '' } = object.metadata;
      const metadata = { signature, 'signature-algorithm': algorithm };
      objects.set(backfill[1]!.key, { ...object, metadata });
    },
  ],
  [
    'a digest signed by a stranger',
    ({ objects, standard }) => {
      const { key } = standard[5]!;
      const digest = JSON.parse(gunzipSync(objects.get(key)!.bytes).toString());
      digest.digestPublicKeyFingerprint = stranger.fingerprint;
      objects.set(key, signDigest(digest, stranger).object);
    },
  ],
];

test.skipIf(!cli).each(changes)('%s: as the AWS CLI says', async (_name, change) => {
  const trail = build();
  change(trail);
  const said = await askCli(trail.objects);
  const ours = await run(trail.objects, { from: start, to: start + hours * hourMs });
  expect(said.verdicts.size, said.text).toBeGreaterThan(0);
  const files = ours.flatMap((one) => (one.kind === 'hour' || one.key === '' ? [] : [one]));
  const named = files.filter(({ status }) => status !== 'unlisted');
  expect(
    new Map(named.map(({ key, outcome }) => [key, outcome === 'valid' ? 'valid' : 'INVALID'])),
  ).toEqual(said.verdicts);
  const exitCode = exitCodeOf(await summarise(ours));
  expect(exitCode).toBe(said.exitCode);
});
