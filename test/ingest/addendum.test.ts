import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import { openDatabase } from '../../store/database.ts';
import { engineOver } from '../../store/open-engine.ts';
import { idOf, kmsRecord, logOf, put } from '../support/kms-records.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-addendum-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const originalEventID = idOf('event original');
const all = {
  original: kmsRecord('original', { errorCode: 'ThrottlingException' }),
  updated: kmsRecord('updated', {
    addendum: { reason: 'UPDATED_DATA', updatedFields: 'errorCode', originalEventID },
  }),
  late: kmsRecord('late', { addendum: { reason: 'DELIVERY_DELAY' } }),
  other: kmsRecord('other'),
};
type Name = keyof typeof all;

/** Ingests files one run after the other; what counts then, and the calls of the second. */
async function counted(runs: readonly (readonly Name[])[]) {
  const database = await openDatabase(':memory:');
  const engine = engineOver(database);
  try {
    for (const [i, names] of runs.entries()) {
      const log = logOf(names.map((name) => all[name]));
      const file = put(scratch, `${runs.length}-${i}.json.gz`, log);
      await ingest(database, [await openSource(file)], { workers: 1 });
    }
    const events = await engine.rows('SELECT event_id, counted FROM kms_events');
    const [sums] = await engine.rows(
      'SELECT sum(offered) AS offered, sum(throttled) AS throttled FROM calls_per_second',
    );
    const [charges] = await engine.rows('SELECT sum(units) AS offered FROM quota_charges');
    return {
      counts: Object.fromEntries(events.map((row) => [String(row['event_id']), row['counted']])),
      sums: [Number(sums!['offered']), Number(sums!['throttled']), Number(charges!['offered'])],
    };
  } finally {
    engine.close();
    database.close();
  }
}

const orders: [string, Name[][]][] = [
  ['in one file', [['original', 'updated', 'late', 'other']]],
  ['in one file, the update first', [['updated', 'other', 'original', 'late']]],
  [
    'the update in a later run',
    [
      ['original', 'other'],
      ['updated', 'late'],
    ],
  ],
  [
    'the original in a later run',
    [
      ['updated', 'late'],
      ['other', 'original'],
    ],
  ],
  ['and both again', [['original'], ['updated', 'other', 'late'], ['original', 'updated']]],
];

describe.each(['fast', 'plain'])('an updated record replaces its original, %s reader', (reader) => {
  test.each(orders)('%s', async (_, runs) => {
    vi.stubEnv('KEYMETER_READER', reader);
    const { counts, sums } = await counted(runs);
    vi.unstubAllEnvs();
    expect(counts).toEqual({
      [originalEventID]: false,
      [idOf('event updated')]: true,
      [idOf('event late')]: true,
      [idOf('event other')]: true,
    });
    expect(sums).toEqual([3, 0, 3]);
  });
});
