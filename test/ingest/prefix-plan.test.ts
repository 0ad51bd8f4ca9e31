import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { locate } from '../../ingest/sources/log-path.ts';
import { openReader } from '../../ingest/sources/open-reader.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import { judgeKey, pathRules } from '../../ingest/sources/plan.ts';
import { readMany } from '../../ingest/sources/read-many.ts';
import type { ListedObject, ListFilter, SourceOptions } from '../../ingest/sources/source.ts';
import { sharedData, sharedFile } from '../support/shared-data.ts';
import { S3Double } from '../support/s3-double.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** A key and what is true of it, known when it was made: the oracle reads no path. */
interface Planted {
  key: string;
  isLog: boolean;
  account?: string;
  region?: string;
  /** Midnight, UTC, of the day it was published. */
  published_at?: number;
  /** Where only a year is known: midnight of its last day. */
  published_last?: number;
}

const accounts = ['111122223333', '444455556666', '777788889999'];
const regions = ['us-east-1', 'eu-central-2', 'us-gov-west-1'];
const account = fc.constantFrom(...accounts);
const region = fc.constantFrom(...regions);
const published = fc
  .integer({ min: 0, max: 70 })
  .map((days) => Date.UTC(2023, 11, 1) + days * dayMs);
const front = fc.constantFrom('', 'trail/', 'a/b/', 'AWSLogs-old/', '2024/01/');
const copyOrOriginal = fc.constantFrom(
  'AWSLogs/',
  'AWSLogs/o-abc123/',
  'o-abc123/AWSLogs/o-abc123/',
  '',
);
const suffix = fc.stringMatching(/^[A-Za-z0-9]{4}$/);

function isoDay(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10);
}

const inLayout: fc.Arbitrary<Planted> = fc
  .record({
    front,
    copyOrOriginal,
    account,
    folder: fc.constantFrom('CloudTrail', 'CloudTrail-NetworkActivity'),
    region,
    published_at: published,
    suffix,
  })
  .map((it) => ({
    key: `${it.front}${it.copyOrOriginal}${it.account}/${it.folder}/${it.region}/${isoDay(it.published_at).replaceAll('-', '/')}/${it.suffix}.json.gz`,
    isLog: true,
    account: it.account,
    region: it.region,
    published_at: it.published_at,
  }));

const besideLogs: fc.Arbitrary<Planted> = fc
  .tuple(
    inLayout,
    fc.constantFrom('CloudTrail-Digest', 'CloudTrail-Insight', 'CloudTrail-Aggregated'),
  )
  .map(([it, folder]) => ({
    ...it,
    key: it.key.replace(/CloudTrail(-NetworkActivity)?/, folder),
    isLog: false,
  }));

const otherService: fc.Arbitrary<Planted> = fc
  .tuple(account, region, suffix)
  .map(([id, place, end]) => ({
    key: `AWSLogs/${id}/vpcflowlogs/${place}/2024/01/01/${end}.log.gz`,
    isLog: false,
  }));

/** Below a Region but in no day; a date or twelve digits that belong to somebody's backup. */
const undated: fc.Arbitrary<Planted> = fc.tuple(account, region, suffix).chain(([id, place, end]) =>
  fc.constantFrom<Planted>(
    {
      key: `AWSLogs/${id}/CloudTrail/${place}/${end}.json`,
      isLog: true,
      account: id,
      region: place,
    },
    {
      key: `AWSLogs/${id}/CloudTrail/${place}/2024/${end}.json`,
      isLog: true,
      account: id,
      region: place,
      published_at: Date.UTC(2024, 0, 1),
      published_last: Date.UTC(2024, 11, 31),
    },
    { key: `AWSLogs/${id}/${end}.json`, isLog: true, account: id },
    { key: `backup/2019/01/01/${end}.json.gz`, isLog: true },
    { key: `backup/201901010000/${end}.json.gz`, isLog: true },
    { key: `a/deep/er/and/deep/er/${end}.ndjson`, isLog: true },
    { key: `${end}.jsonl`, isLog: true },
    // Its content decides.
    { key: `AWSLogs/${end}.txt`, isLog: true },
  ),
);

const flatCopy: fc.Arbitrary<Planted> = fc
  .record({ account, region, published_at: published, suffix, digest: fc.boolean() })
  .map((it) => {
    const stamp = isoDay(it.published_at).replaceAll('-', '');
    const kind = it.digest ? 'CloudTrail-Digest' : 'CloudTrail';
    return {
      ...it,
      key: `flat/${it.account}_${kind}_${it.region}_${stamp}T0005Z_${it.suffix}.json.gz`,
      isLog: !it.digest,
    };
  });

const bucket = fc.uniqueArray(
  fc.oneof(
    { weight: 6, arbitrary: inLayout },
    besideLogs,
    otherService,
    { weight: 2, arbitrary: undated },
    flatCopy,
  ),
  { selector: ({ key }) => key, minLength: 1, maxLength: 40 },
);

const instant = fc.integer({ min: Date.UTC(2023, 10, 28), max: Date.UTC(2024, 1, 12) });
const filter: fc.Arbitrary<ListFilter> = fc.record(
  {
    from: instant,
    to: instant,
    accounts: fc.subarray(accounts),
    regions: fc.subarray(regions),
  },
  { requiredKeys: [] },
);

/** All that a filter may want: an event of [from, to) is published on its day or the two after it. */
function isWanted(planted: Planted, wanted: ListFilter): boolean {
  if (!planted.isLog) return false;
  const { account: id, region: place, published_at: at } = planted;
  if (id && wanted.accounts?.length && !wanted.accounts.includes(id)) return false;
  if (place && wanted.regions?.length && !wanted.regions.includes(place)) return false;
  if (at === undefined) return true;
  const last = planted.published_last ?? at;
  if (wanted.from !== undefined && last + dayMs <= wanted.from) return false;
  if (wanted.to === undefined) return true;
  const lastDay = Math.floor((wanted.to - 1) / dayMs) * dayMs;
  return at <= lastDay + 2 * dayMs;
}

/** A folder to start from: the root, or any folder above one of the keys. */
function startOf(planted: Planted[], pick: number): string {
  const folders = new Set(['']);
  for (const { key } of planted)
    for (let at = key.indexOf('/'); at !== -1; at = key.indexOf('/', at + 1))
      folders.add(key.slice(0, at + 1));
  const sorted = [...folders].sort();
  return sorted[pick % sorted.length] ?? '';
}

function expectedKeys(planted: Planted[], start: string, wanted: ListFilter): string[] {
  return planted
    .filter((one) => one.key.startsWith(start) && isWanted(one, wanted))
    .map(({ key }) => key)
    .sort();
}

async function listKeys(
  spec: string,
  options: SourceOptions,
  wanted: ListFilter,
): Promise<string[]> {
  const source = await openSource(spec, options);
  const keys: string[] = [];
  for await (const one of source.list(wanted, new AbortController().signal)) {
    if ('problem' in one) throw new Error(one.message);
    if ('source' in one) keys.push(one.key);
  }
  return keys.sort();
}

describe('the plan lists exactly what a filter over all keys selects', () => {
  let s3: S3Double;
  let options: SourceOptions;
  let count = 0;

  beforeAll(async () => {
    s3 = await S3Double.start();
    options = { endpoint: s3.endpoint, region: 'us-east-1', pathStyle: true, anonymous: true };
  });
  afterAll(async () => s3.stop());

  test('in S3, from any folder', async () => {
    await fc.assert(
      fc.asyncProperty(
        bucket,
        filter,
        fc.nat(),
        fc.integer({ min: 1, max: 5 }),
        async (planted, wanted, pick, page) => {
          const name = `bucket-${count++}`;
          s3.pageKeysMost = page;
          for (const { key } of planted) s3.put(name, key);
          const start = startOf(planted, pick);
          s3.seen.length = 0;
          const keys = await listKeys(`s3://${name}/${start}`, options, wanted);
          expect(keys).toEqual(expectedKeys(planted, start, wanted));
          const opened = s3.seen.map(({ key }) => key);
          if (!/Digest|Insight|Aggregated|vpcflowlogs/.test(start)) {
            expect(
              opened.filter((key) => /Digest|Insight|Aggregated|vpcflowlogs/.test(key)),
            ).toEqual([]);
          }
        },
      ),
      { numRuns: 120, seed: 20240501 },
    );
  });

  test('on disk, from any folder', async () => {
    const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'keymeter-plan-')));
    await fc.assert(
      fc.asyncProperty(bucket, filter, fc.nat(), async (planted, wanted, pick) => {
        const folder = path.join(root, String(count++));
        for (const { key } of planted) {
          mkdirSync(path.dirname(path.join(folder, key)), { recursive: true });
          writeFileSync(path.join(folder, key), key);
        }
        const start = startOf(planted, pick);
        const keys = await listKeys(path.join(folder, start), {}, wanted);
        expect(keys.map((key) => path.relative(folder, key))).toEqual(
          expectedKeys(planted, start, wanted),
        );
      }),
      { numRuns: 60, seed: 20240502 },
    );
    rmSync(root, { recursive: true });
  });

  test.skipIf(!sharedData)(
    'real logs come alike from S3 and from disk, to the last byte',
    async () => {
      const root = realpathSync(sharedFile());
      s3.pageKeysMost = 100;
      const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((one) =>
        one.isFile(),
      );
      for (const file of files) {
        const full = path.join(file.parentPath, file.name);
        s3.put('real', path.relative(root, full), readFileSync(full));
      }
      const digests = async (spec: string, from: SourceOptions): Promise<string[]> => {
        const source = await openSource(spec, from);
        const listed: ListedObject[] = [];
        for await (const one of source.list({}, new AbortController().signal)) {
          if ('source' in one) listed.push(one);
        }
        const reader = openReader(source.reader);
        const lines: string[] = [];
        for await (const { object, bytes } of readMany(reader, listed)) {
          const hash = createHash('sha256')
            .update(bytes ?? 'unread')
            .digest('hex');
          lines.push(
            `${object.source === 's3' ? object.key : path.relative(root, object.key)} ${hash}`,
          );
        }
        reader.close();
        return lines.sort();
      };
      const onDisk = await digests(root, {});
      // Those of unknown name that do not begin like a log are refused by the reader.
      expect(onDisk).toHaveLength(files.length);
      expect(await digests('s3://real', options)).toEqual(onDisk);
    },
  );

  test('key by key', () => {
    fc.assert(
      fc.property(bucket, filter, (planted, wanted) => {
        const rules = pathRules(wanted);
        for (const one of planted)
          expect([one.key, ['take', 'sniff'].includes(judgeKey(one.key, rules) as string)]).toEqual(
            [one.key, isWanted(one, wanted)],
          );
      }),
      { numRuns: 500, seed: 20240503 },
    );
  });
});

describe('the slack of publish dates', () => {
  test('keeps the file of every wanted event, delivered up to 25 hours late', () => {
    fc.assert(
      fc.property(
        instant,
        fc.nat(40 * dayMs),
        fc.nat(),
        fc.nat(25 * hourMs),
        (from, length, at, late) => {
          const to = from + length + 1;
          const event = from + (at % (length + 1));
          const day = isoDay(event + late).replaceAll('-', '/');
          const key = `AWSLogs/111122223333/CloudTrail/us-east-1/${day}/x.json.gz`;
          expect(judgeKey(key, pathRules({ from, to }))).toBe('take');
        },
      ),
      { seed: 20240504 },
    );
  });

  test.each([
    ['2024/02/29', 'take'],
    ['2024/02/28', { filtered: 'time' }],
    ['2024/03/01', 'take'],
    ['2024/03/02', 'take'],
    ['2024/03/03', { filtered: 'time' }],
  ])('for the leap day alone, %s: %s', (date, verdict) => {
    const rules = pathRules({ from: Date.UTC(2024, 1, 29), to: Date.UTC(2024, 2, 1) });
    const key = `AWSLogs/111122223333/CloudTrail/us-east-1/${date}/x.json.gz`;
    expect(judgeKey(key, rules)).toEqual(verdict);
  });
});

describe('a path is believed only where the layout stands', () => {
  test.each([
    ['AWSLogs', { role: 'awslogs' }],
    ['x/y/AWSLogs/o-abc', { role: 'org' }],
    ['AWSLogs/111122223333', { role: 'account', account: '111122223333' }],
    ['AWSLogs/111122223333/elasticloadbalancing', { role: 'other-service' }],
    ['backup/111122223333', { role: 'account' }],
    ['backup/111122223333/photos/CloudTrail', { role: 'trail' }],
    ['111122223333/CloudTrail', { role: 'trail', account: '111122223333' }],
    ['CloudTrail/eu-isoe-west-1', { role: 'region', region: 'eu-isoe-west-1' }],
    ['CloudTrail/us-east-1/2024', { role: 'year', day_first: 20240101, day_last: 20241231 }],
    ['CloudTrail/us-east-1/2024/02', { role: 'month', day_first: 20240201, day_last: 20240231 }],
    ['CloudTrail/us-east-1/2024/02/09', { role: 'day', day_first: 20240209, day_last: 20240209 }],
    ['CloudTrail/us-east-1/2024/02/09/more', { role: 'day', day_first: 20240209 }],
    ['CloudTrail/us-east-1/2024/13', { role: 'unknown' }],
    ['data/2024/05/01', { role: 'unknown' }],
    ['AWSLogs/111122223333/CloudTrail-Digest/us-east-1', { role: 'digest' }],
    // Somebody's own folder of the same name above the real layout.
    ['CloudTrail/AWSLogs/111122223333/CloudTrail', { role: 'trail', account: '111122223333' }],
  ])('%s', (folder, place) => {
    expect(locate(folder.split('/'))).toMatchObject(place);
  });
});
