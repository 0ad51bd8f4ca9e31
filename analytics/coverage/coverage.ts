import { z } from 'zod';
import { defineAnalysis } from '../analysis.ts';
import { filters, limit } from '../params.ts';

const count = (unit: string, description: string) => z.number().meta({ unit, description });

export default defineAnalysis({
  name: 'coverage',
  topic: 'coverage',
  title: 'Coverage',
  question: 'What was ingested, for which account, Region and day, and where are the holes?',
  audience: ['finops', 'capacity', 'security'],
  caveats: [
    'An hour counts as covered when the record times of at least one object (any service) reach into it; a quiet trail delivers nothing in an hour without calls, so covered hours are a lower bound.',
    'A day is that of the first record of an object; delivery is minutes to hours later.',
    'Records of days without rows are unknown, not zero.',
  ],
  sql: new URL('./coverage.sql', import.meta.url),
  params: z.object({ ...filters, limit: limit(10_000, 100_000) }),
  row: z.object({
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
    days_missing_before: count('days', 'days without any record since the row before'),
  }),
  notes: (rows) => {
    const missing = rows.filter((row) => row.days_missing_before > 0);
    if (missing.length === 0) return [];
    return [`${missing.length} gaps of whole days: what happened in them is unknown, not zero.`];
  },
});
