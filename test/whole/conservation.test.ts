import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import type { IngestSummary } from '../../ingest/summary.ts';
import { openDatabase } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { contentOf, expectConserved } from '../support/database-content.ts';
import { logOf, ownAccount, put, type RawKmsRecord } from '../support/kms-records.ts';
import { recordsOf, sortCount, type Action } from '../support/mixed-trail.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-conservation-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** How the records of a trail reach the database: their files, run by run. */
interface Delivery {
  runs: RawKmsRecord[][][];
  workers: number;
  /** How often the folder is named as a source: sources may overlap. */
  named?: number;
  /** Objects of one transaction. */
  group_objects?: number;
}

interface Outcome {
  content: Record<string, unknown[]>;
  sums: Record<string, number>;
}

async function ingestRuns(delivery: Delivery): Promise<Outcome> {
  const { runs, workers, named = 1, group_objects = 2 } = delivery;
  const folder = mkdtempSync(path.join(scratch, 'trail-'));
  const database = await openDatabase(':memory:');
  const engine = new DuckDbEngine(database, { connections: 1 });
  const totals = { records_total: 0, inserted: 0 };
  try {
    let file = 0;
    for (const files of runs) {
      for (const records of files) put(folder, `${file++}.json.gz`, logOf(records));
      const sources = await Promise.all(Array.from({ length: named }, () => openSource(folder)));
      const summary = await ingest(database, sources, { workers, group_objects });
      expectAddsUp(summary);
      totals.records_total += summary.records_total;
      totals.inserted += summary.inserted;
    }
    const delivered = runs.flat(2).length;
    expect(totals.records_total).toBe(delivered);
    expect(totals.inserted).toBe(await expectConserved(engine));
    return { content: await contentOf(engine), sums: await sumsOf(engine) };
  } finally {
    engine.close();
    database.close();
    rmSync(folder, { recursive: true });
  }
}

function expectAddsUp(summary: IngestSummary): void {
  const { records_total, non_kms, inserted, duplicate, rejected } = summary;
  expect(records_total).toBe(non_kms + inserted + duplicate + rejected);
  expect(summary.objects_listed).toBe(summary.objects_known + summary.objects_new);
  expect(summary.classes['missing_event_time'] ?? 0).toBe(rejected);
}

/** The counted calls, summed over each of several groupings. */
async function sumsOf(engine: DuckDbEngine): Promise<Record<string, number>> {
  const grouped = (columns: string) =>
    `(SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM
       (SELECT ${columns}, count(*) AS n FROM kms_events WHERE counted GROUP BY ALL))`;
  const [row] = await engine.rows(`SELECT
    (SELECT count(*) FROM kms_events WHERE counted) AS calls,
    ${grouped('key_arn, key_ref')} AS by_key,
    ${grouped('principal_arn')} AS by_principal,
    ${grouped('caller_account_id, region, operation')} AS by_operation,
    (SELECT CAST(coalesce(sum(offered), 0) AS BIGINT) FROM calls_per_second AS s
      WHERE s.region = 'us-east-1' AND s.quota_id NOT LIKE 'custom_key_store%') AS by_second`);
  return row as Record<string, number>;
}

const actions = fc.array(
  fc.record({ sort: fc.nat(sortCount - 1), second: fc.nat(4) }) satisfies fc.Arbitrary<Action>,
  { minLength: 1, maxLength: 30 },
);

/** Every record at least once, some again, in any order, cut into files and the files into runs. */
const trails = actions.chain((list) => {
  const records = recordsOf(list);
  const delivery = fc
    .tuple(
      fc.shuffledSubarray(records, { minLength: records.length }),
      fc.subarray(records),
      fc.infiniteStream(fc.nat(9)),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(1, 1, 2, 3),
      fc.constantFrom(2, 1_000),
    )
    .map(([once, again, cuts, workers, named, group_objects]): Delivery => {
      const runs: RawKmsRecord[][][] = [[[]]];
      for (const record of [...once, ...again]) {
        const cut = cuts.next().value ?? 9;
        if (cut === 0) runs.push([[]]);
        else if (cut < 3) runs.at(-1)!.push([]);
        runs.at(-1)!.at(-1)!.push(record);
      }
      return { runs, workers, named, group_objects };
    });
  return fc.tuple(fc.constant(records), delivery);
});

/** Counted calls by plain loops: of each action with an API call one, whoever logged it. */
function callsOf(records: readonly RawKmsRecord[]): number {
  const calls = records.filter(
    (r) =>
      r['eventSource'] === 'kms.amazonaws.com' && r['eventType'] === 'AwsApiCall' && r['eventTime'],
  );
  return new Set(calls.map((r) => r['sharedEventID'] ?? r['eventID'])).size;
}

test('however a trail is cut, ordered, repeated and read, the database is the same', async () => {
  await fc.assert(
    fc.asyncProperty(trails, async ([records, delivery]) => {
      const plain = await ingestRuns({ runs: [[records]], workers: 1 });
      const calls = callsOf(records);
      expect(plain.sums).toEqual({
        calls,
        by_key: calls,
        by_principal: calls,
        by_operation: calls,
        by_second: calls,
      });
      const other = await ingestRuns(delivery);
      expect(other.sums).toEqual(plain.sums);
      expect(other.content).toEqual(plain.content);
    }),
    { numRuns: 25, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false },
  );
});

test('an object that two sources list is read once, stored or not by then', async () => {
  const records = recordsOf([{ sort: 0, second: 1 }]);
  const once = await ingestRuns({ runs: [[records]], workers: 1 });
  for (const group_objects of [1, 1_000]) {
    const twice = await ingestRuns({ runs: [[records]], workers: 1, named: 2, group_objects });
    expect(twice).toEqual(once);
  }
});

test('the caller’s copy takes the count over from the owner’s, whatever run and file it comes in', async () => {
  const [caller, owner] = recordsOf([{ sort: 10, second: 1 }]) as [RawKmsRecord, RawKmsRecord];
  const orders: RawKmsRecord[][][][] = [
    [[[caller, owner]]],
    [[[owner], [caller]]],
    [[[owner]], [[caller]]],
    [[[caller]], [[owner]]],
    [[[owner]], [[owner]], [[caller, owner]], [[caller]]],
  ];
  const outcomes = [];
  for (const runs of orders) outcomes.push(await ingestRuns({ runs, workers: 1 }));
  for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
  const events = outcomes[0]!.content['events'] as Record<string, unknown>[];
  expect(events.filter((event) => event['counted'])).toMatchObject([{ account_id: ownAccount }]);
});
