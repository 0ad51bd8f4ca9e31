import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { defineAnalysis, runSql, sqlParams } from '../analysis.ts';
import blindness from '../detections/blindness.ts';
import { filters, limit, type FilterValues } from '../params.ts';
import { blindNotes, gapNotes, placeNotes, proofNotes } from './coverage-sentences.ts';

const placesSql = readFileSync(new URL('./named-places.sql', import.meta.url), 'utf8');

const count = (unit: string, description: string) => z.number().meta({ unit, description });

const row = z.object({
  account_id: z.string().meta({ description: 'account of the trail (? when nothing names it)' }),
  region: z.string().meta({ description: 'Region of the trail' }),
  day: z.string().meta({ unit: 'instant', description: 'UTC day' }),
  objects: count('objects', 'objects whose first record is of the day'),
  records: count('records', 'records of all services in them'),
  kms_events: count('events', 'KMS events stored from them'),
  duplicates: count('events', 'KMS events that were stored already'),
  rejected: count('records', 'records that were refused'),
  first_record_at: z.string().nullable().meta({ unit: 'instant', description: 'first record' }),
  last_record_at: z.string().nullable().meta({ unit: 'instant', description: 'last record' }),
  hours_covered: count('h', 'hours of the day that record times reach into (a lower bound)'),
  hours_without_record: count('h', 'the rest of the 24'),
  hours_proven_whole: count('h', 'hours of a digest period whose files are all here, unchanged'),
  hours_proven_empty: count('h', 'hours of a digest period in which no file was delivered'),
  hours_broken: count('h', 'hours of a digest period with a changed or missing file or digest'),
  hours_without_proof: count(
    'h',
    'hours of none of the three: not verified, not verifiable, or without a digest',
  ),
  days_missing_before: count('days', 'days without any record or proof since the row before'),
});

export default defineAnalysis({
  name: 'coverage',
  topic: 'coverage',
  title: 'Coverage',
  question: 'What was ingested, for which account, Region and day, and where are the holes?',
  audience: ['finops', 'capacity', 'security'],
  headline: [
    'account_id',
    'region',
    'day',
    'hours_covered',
    'hours_without_record',
    'objects',
    'kms_events',
    'rejected',
  ],
  caveats: [
    'An hour counts as covered when the record times of at least one object (any service) reach into it; a quiet trail delivers nothing in an hour without calls, so covered hours are a lower bound.',
    'A day is that of the first record of an object; delivery is minutes to hours later.',
    'Records of days without rows are unknown, not zero.',
    'Hours are proven by `keymeter verify SOURCE --db FILE` only, and as of its last run. A digest period counts files by delivery and counts for each UTC hour it reaches into: an hour at the edge of two periods may stand in two columns. Several trails are not added up.',
    'A proof says that no file is missing or changed, not that the trail was told to log KMS: the notes name trails that were stopped, deleted or made blind.',
  ],
  sql: new URL('./coverage.sql', import.meta.url),
  params: z.object({ ...filters, limit: limit(10_000, 100_000) }),
  row,
  async run(sql, params, context) {
    const rows = (await runSql(sql, params, context)) as z.output<typeof row>[];
    const blind = await blindness.findings(rangeOf(params), context);
    const places = await context.engine.rows(placesSql, sqlParams(rangeOf(params)), context);
    return {
      rows,
      notes: [...gapNotes(rows), ...proofNotes(rows), ...blindNotes(blind), ...placeNotes(places)],
    };
  },
});

const rangeOf = ({ from, to, account, region }: FilterValues) => ({ from, to, account, region });
