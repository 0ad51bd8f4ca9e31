import { z } from 'zod';
import { exitCodes, KeymeterError } from '../../core/errors.ts';
import { defineAnalysis, runSql } from '../analysis.ts';
import { CoverageHours } from '../coverage-hours.ts';
import { instant, limit } from '../params.ts';
import { PriceList, priceNotes, type PricedCall } from './prices.ts';

const calls = (description: string) => z.number().meta({ unit: 'calls', description });
const rate = (unit: string, description: string) =>
  z.number().nullable().meta({ unit, description });

const Row = z.object({
  group_name: z.string().meta({ description: 'value of the dimension; (total) is all together' }),
  calls_before: calls('counted calls before'),
  calls_after: calls('counted calls after'),
  covered_hours_before: z.number().meta({ unit: 'h', description: 'covered hours before' }),
  covered_hours_after: z.number().meta({ unit: 'h', description: 'covered hours after' }),
  calls_per_hour_before: rate('calls/h', 'per covered hour; null without coverage'),
  calls_per_hour_after: rate('calls/h', 'per covered hour; null without coverage'),
  change_percent: rate('percent', 'of calls per covered hour; null when there were none before'),
  throttled_before: calls('throttled before (a lower bound)'),
  throttled_after: calls('throttled after (a lower bound)'),
  calls_per_second_peak_before: z
    .number()
    .nullable()
    .meta({ unit: 'calls/s', description: 'busiest second of the group, before' }),
  calls_per_second_peak_after: z
    .number()
    .nullable()
    .meta({ unit: 'calls/s', description: 'busiest second of the group, after' }),
  cost_per_hour_before_usd: rate('USD/h', 'of priced calls, lower bound, per covered hour'),
  cost_per_hour_after_usd: rate('USD/h', 'of priced calls, lower bound, per covered hour'),
});
export type BeforeAfterRow = z.output<typeof Row>;

const Params = z.object({
  changed_at: instant
    .optional()
    .describe('instant of the change; before and after are `hours` on each side of it'),
  hours: z.coerce.number().int().min(1).max(8_784).default(168).describe('width of each side'),
  before_from: instant.optional().describe('start of before (instead of changed_at)'),
  before_to: instant.optional().describe('end of before, exclusive'),
  after_from: instant.optional().describe('start of after'),
  after_to: instant.optional().describe('end of after, exclusive'),
  account: z.string().max(64).optional().describe('caller account id'),
  region: z.string().max(64).optional().describe('AWS Region'),
  key: z.string().max(2048).optional().describe('key ARN'),
  principal: z.string().max(2048).optional().describe('principal ARN'),
  bucket: z.string().max(255).optional().describe('bucket name'),
  service: z.string().max(256).optional().describe('calling service, or (direct)'),
  by: z
    .enum(['operation', 'principal', 'key', 'service', 'bucket'])
    .default('operation')
    .describe('dimension of the rows'),
  limit: limit(500),
});

interface Part extends PricedCall {
  side: 'before' | 'after';
  group_name: string;
  region: string | null;
  calls: number;
  successful: number;
  throttled: number;
  calls_per_second_peak: number;
}

export default defineAnalysis({
  name: 'before-after',
  topic: 'finops',
  title: 'Before and after',
  question: 'Did the change work?',
  audience: ['finops', 'capacity'],
  headline: [
    'group_name',
    'calls_before',
    'calls_after',
    'calls_per_hour_before',
    'calls_per_hour_after',
    'change_percent',
    'throttled_before',
    'throttled_after',
  ],
  caveats: [
    'Calls are compared per covered hour: sides of different width or coverage compare fairly, different weekdays do not.',
    'A peak grows with the width of its side.',
  ],
  sql: new URL('./before-after.sql', import.meta.url),
  params: Params,
  row: Row,
  example: { changed_at: '2026-10-12' },
  run: async (sql, params, context) => {
    const ranges = rangesOf(params);
    const { limit: _, changed_at: __, hours: ___, ...filtered } = params;
    const parts = (await runSql(sql, { ...filtered, ...ranges }, context)) as unknown as Part[];
    const accounts = params.account ? [params.account] : null;
    const covered = async (from: Date, to: Date) =>
      (await CoverageHours.read(context, { from, to })).hours(accounts, params.region ?? null);
    const hours = {
      before: await covered(ranges.before_from, ranges.before_to),
      after: await covered(ranges.after_from, ranges.after_to),
    };
    const prices = new PriceList(context.config);
    const names = [...new Set(parts.map((part) => part.group_name))];
    const rows = names.map((name) =>
      rowOf(
        name,
        parts.filter((part) => part.group_name === name),
        hours,
        prices,
      ),
    );
    rows.sort(
      (a, b) => Math.abs(b.calls_after - b.calls_before) - Math.abs(a.calls_after - a.calls_before),
    );
    const total = rowOf('(total)', parts, hours, prices);
    // The busiest seconds of groups do not add up.
    total.calls_per_second_peak_before = null;
    total.calls_per_second_peak_after = null;
    const notes = priceNotes(context.config);
    if (hours.before === 0 || hours.after === 0) {
      notes.push('A side has no covered hour: nothing can be said about it.');
    }
    return { rows: [total, ...rows], notes };
  },
});

function rangesOf(params: z.output<typeof Params>) {
  const { before_from, before_to, after_from, after_to, changed_at } = params;
  if (changed_at) {
    const width = params.hours * 3_600_000;
    return {
      before_from: new Date(changed_at.getTime() - width),
      before_to: changed_at,
      after_from: changed_at,
      after_to: new Date(changed_at.getTime() + width),
    };
  }
  if (!before_from || !before_to || !after_from || !after_to) {
    throw new KeymeterError('before_after_ranges', 'two time ranges are needed', {
      fix: 'give changed_at, or before_from, before_to, after_from and after_to',
      exitCode: exitCodes.usage,
    });
  }
  if (before_from < after_to && after_from < before_to) {
    throw new KeymeterError('before_after_overlap', 'the two ranges overlap', {
      fix: 'choose ranges that do not share a second; they are half-open',
      exitCode: exitCodes.usage,
    });
  }
  return { before_from, before_to, after_from, after_to };
}

function rowOf(
  group_name: string,
  parts: readonly Part[],
  hours: { before: number; after: number },
  prices: PriceList,
): BeforeAfterRow {
  const side = (name: 'before' | 'after') => {
    const mine = parts.filter((part) => part.side === name);
    const sum = (pick: (part: Part) => number) => mine.reduce((all, p) => all + pick(p), 0);
    const calls = sum((part) => part.calls);
    const cost = sum((p) => prices.cost(p, p.region, p.successful)?.cost_low_usd ?? 0);
    const perHour = (value: number) => (hours[name] > 0 ? value / hours[name] : null);
    return {
      calls,
      per_hour: perHour(calls),
      throttled: sum((part) => part.throttled),
      peak: mine.reduce((most, part) => Math.max(most, part.calls_per_second_peak), 0),
      cost: perHour(cost),
    };
  };
  const [before, after] = [side('before'), side('after')];
  return {
    group_name,
    calls_before: before.calls,
    calls_after: after.calls,
    covered_hours_before: hours.before,
    covered_hours_after: hours.after,
    calls_per_hour_before: before.per_hour,
    calls_per_hour_after: after.per_hour,
    change_percent:
      before.per_hour && after.per_hour !== null
        ? (100 * (after.per_hour - before.per_hour)) / before.per_hour
        : null,
    throttled_before: before.throttled,
    throttled_after: after.throttled,
    calls_per_second_peak_before: before.peak,
    calls_per_second_peak_after: after.peak,
    cost_per_hour_before_usd: before.cost,
    cost_per_hour_after_usd: after.cost,
  };
}
