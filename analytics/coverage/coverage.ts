import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { defineAnalysis, runSql, sqlParams } from '../analysis.ts';
import { CoverageHours } from '../coverage-hours.ts';
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
  hours_covered: count(
    'h',
    'hours of the day in which the trail delivered for any Region, or was quiet (definitions: Covered hour)',
  ),
  hours_with_record: count('h', 'hours of the day that record times of this Region reach into'),
  hours_without_record: count('h', 'the rest of the 24'),
  hours_proven_whole: count('h', 'hours of a digest period whose files are all here, unchanged'),
  hours_proven_empty: count('h', 'hours of a digest period in which no file was delivered'),
  hours_broken: count('h', 'hours of a digest period with a changed or missing file or digest'),
  hours_without_proof: count(
    'h',
    'hours of none of the three: not verified, not verifiable, or without a digest',
  ),
  days_missing_before: count('days', 'days without a covered hour since the row before: holes'),
});

const hour_ms = 3_600_000;

/** A row of coverage.sql. */
type Counted = Omit<z.output<typeof row>, 'hours_covered' | 'days_missing_before'> & {
  days_without_row_before: number;
};

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
    'A trail delivers nothing where nothing happened: an hour is covered when the same trail delivered records of it (any service) for any Region. A trail of one Region only makes quiet hours of other Regions look covered.',
    'A day is that of the first record of an object; delivery is minutes to hours later.',
    'Records of days without rows are unknown, not zero.',
    'Hours are proven by `keymeter verify SOURCE --db FILE` only, and as of its last run. A digest period counts files by delivery and counts for each UTC hour it reaches into: an hour at the edge of two periods may stand in two columns. Several trails are not added up.',
    'A proof says that no file is missing or changed, not that the trail was told to log KMS: the notes name trails that were stopped, deleted or made blind.',
  ],
  sql: new URL('./coverage.sql', import.meta.url),
  params: z.object({ ...filters, limit: limit(10_000, 100_000) }),
  row,
  async run(sql, params, context) {
    const counted = (await runSql(sql, params, context)) as unknown as Counted[];
    const coverage = await CoverageHours.read(context);
    const rows = counted.map(({ days_without_row_before, ...day }) => {
      const first = Date.parse(day.day) / hour_ms;
      const covered = (days_before: number) => {
        const from = first - 24 * days_before;
        return coverage.hoursWithin(day.account_id, day.region, from, from + 23);
      };
      let days_missing_before = 0;
      for (let before = 1; before <= days_without_row_before; before++) {
        if (covered(before) === 0) days_missing_before++;
      }
      return { ...day, hours_covered: covered(0), days_missing_before };
    });
    const blind = await blindness.findings(rangeOf(params), context);
    const places = await context.engine.rows(placesSql, sqlParams(rangeOf(params)), context);
    return {
      rows,
      notes: [...gapNotes(rows), ...proofNotes(rows), ...blindNotes(blind), ...placeNotes(places)],
    };
  },
});

const rangeOf = ({ from, to, account, region }: FilterValues) => ({ from, to, account, region });
