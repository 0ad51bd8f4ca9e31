import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { writeTrail } from '../../bench/trail.ts';
import { Rng } from '../../demo/rng.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import type { IngestSummary } from '../../ingest/summary.ts';
import { contentOf, expectConserved, withDatabase } from '../support/database-content.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-resume-'));
const trail = path.join(scratch, 'trail');
const interrupts = 10;

afterAll(() => rmSync(scratch, { recursive: true }));

/** Ingests the trail into `db`, interrupted some milliseconds after the first commit when asked to. */
function run(db: string, interrupt?: { after_ms: number }): Promise<IngestSummary> {
  return withDatabase(db, async (engine, database) => {
    const stop = new AbortController();
    let timer: Promise<void> | undefined;
    const summary = await ingest(database, [await openSource(trail)], {
      workers: 2,
      // A transaction for each task that is ready: many moments to be interrupted at.
      group_objects: 1,
      signal: stop.signal,
      onProgress: () => {
        if (interrupt) timer ??= sleep(interrupt.after_ms).then(() => stop.abort());
      },
    });
    await timer;
    await expectConserved(engine);
    return summary;
  });
}

test('interrupted at ten random moments and resumed: the same content, no object read twice', async () => {
  const written = await writeTrail(trail, { set: 'small', files: 12_000, recordsPerFile: 3 });
  const rng = new Rng(20_261_122);
  const db = path.join(scratch, 'interrupted.duckdb');
  const summaries: IngestSummary[] = [];
  for (let i = 0; i < interrupts; i++) {
    summaries.push(await run(db, { after_ms: rng.between(0, 40) }));
  }
  const last = await run(db);
  expect(last.status).toBe('done');
  console.log(
    `objects stored before each interrupt: ${summaries.map((s) => s.objects_new).join(', ')}; after the last: ${last.objects_new}`,
  );
  expect(summaries.filter((summary) => summary.status === 'interrupted').length).toBeGreaterThan(2);
  // Each file is acknowledged by one run only, and is known to all later ones.
  const stored = [...summaries, last].reduce((sum, summary) => sum + summary.objects_new, 0);
  expect(stored).toBe(written.files);
  expect(last.objects_known + last.objects_new).toBe(written.files);
  const whole = path.join(scratch, 'whole.duckdb');
  await run(whole);
  const expected = await withDatabase(whole, (engine) => contentOf(engine));
  await withDatabase(db, async (engine) => {
    expect(await contentOf(engine)).toEqual(expected);
    const attempts = await engine.rows(
      'SELECT count(*) AS objects, min(attempts) AS least, max(attempts) AS most FROM ingest_objects',
    );
    expect(attempts).toEqual([{ objects: written.files, least: 1, most: 1 }]);
  });
});
