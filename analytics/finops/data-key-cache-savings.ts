import { z } from 'zod';
import { defineAnalysis, sqlParams } from '../analysis.ts';
import { CoverageHours, monthly } from '../coverage-hours.ts';
import { filters, flag, limit } from '../params.ts';
import { BestRows } from './best-rows.ts';
import { knee, messagesWithin } from './cache-replay.ts';
import { gridSettings, replayCaches, type CacheOutcome } from './cache-replays.ts';
import { PriceList, priceNotes } from './prices.ts';

const count = (description: string) => z.number().meta({ unit: 'calls', description });
const usd = (description: string) => z.number().nullable().meta({ unit: 'USD', description });

const Row = z.object({
  account_id: z.string().meta({ description: 'caller account' }),
  region: z.string().meta({ description: 'AWS Region' }),
  key_arn: z.string().meta({ description: 'KMS key' }),
  principal_arn: z.string().meta({ description: 'who calls' }),
  scope: z.enum(['encryption_sdk', 'application']).meta({
    description:
      'Encryption SDK by its context, or a candidate: direct calls of unknown or no context',
  }),
  max_age_seconds: z.number().meta({ unit: 's', description: 'maxAge of the cache' }),
  max_messages: z
    .number()
    .meta({ unit: 'messages', description: 'messages a data key may encrypt' }),
  calls: count('successful GenerateDataKey and Decrypt calls, before'),
  generate_calls: count('of these GenerateDataKey'),
  decrypt_calls: count('of these Decrypt'),
  decrypt_calls_unprovable: count('Decrypts that cannot be told apart; never counted as saved'),
  calls_after: count('calls left: a process is a session at one address with one user agent'),
  calls_after_low: z.number().nullable().meta({
    unit: 'calls',
    description: 'calls left if a session is one process; of the chosen setting only',
  }),
  saved_calls: count('calls less calls_after'),
  cost_usd: usd('what the calls cost in the range'),
  saving_usd: usd('saving in the range'),
  saving_usd_monthly: usd('normalised to 730 covered hours; null below 24 covered hours'),
  covered_hours: z.number().meta({ unit: 'h', description: 'hours of the range that are covered' }),
  calls_per_second_peak: z.number().meta({ unit: 'calls/s', description: 'busiest second before' }),
  calls_per_second_peak_after: z
    .number()
    .meta({ unit: 'calls/s', description: 'busiest second of what is left' }),
  knee_max_age_seconds: z.number().nullable().meta({
    unit: 's',
    description: 'least maxAge of the grid that saves nine tenths of the best',
  }),
  knee_max_messages: z
    .number()
    .nullable()
    .meta({ unit: 'messages', description: 'the knee’s message limit' }),
  knee_saved_calls: z
    .number()
    .nullable()
    .meta({ unit: 'calls', description: 'what the knee saves' }),
  trade_off: z.string().meta({ description: 'what the saving costs in security and evidence' }),
});
export type CacheSavingRow = z.output<typeof Row>;

const Params = z.object({
  ...filters,
  key: z.string().max(2048).optional().describe('KMS key ARN'),
  principal: z.string().max(2048).optional().describe('principal ARN'),
  max_age_seconds: z.coerce
    .number()
    .int()
    .min(1)
    .max(86_400)
    .default(300)
    .describe('maxAge, seconds'),
  max_messages: z.coerce
    .number()
    .int()
    .min(1)
    .max(2 ** 32)
    .default(100)
    .describe('maxMessagesEncrypted, inclusive'),
  max_bytes: z.coerce.number().int().min(1).optional().describe('maxBytesEncrypted'),
  message_bytes: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('bytes of a message, which the log does not hold; needed for max_bytes'),
  capacity: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(1_000)
    .describe('entries of one process’ cache'),
  grid: flag.default(false).describe('one row for each maxAge and maxMessages of the grid'),
  limit: limit(1_000, 50_000),
});

export default defineAnalysis({
  name: 'data-key-cache-savings',
  topic: 'finops',
  title: 'Data-key cache savings',
  question: 'What would data-key caching in the clients save?',
  audience: ['finops', 'capacity'],
  headline: [
    'principal_arn',
    'key_arn',
    'calls',
    'calls_after',
    'saved_calls',
    'saving_usd_monthly',
    'max_age_seconds',
    'calls_per_second_peak',
  ],
  caveats: [
    'The number of processes behind a session and address, messages of unknown length and concurrent first calls are not in the log; each lowers the saving.',
    'One call is taken for one message; sizes are not logged, so max_bytes counts only with message_bytes.',
    'A Decrypt is a provable repeat only when its context holds aws-crypto-public-key; other Decrypts are kept as they are.',
    'The scope application is a candidate by its shape, not known to use the Encryption SDK; it is never added to it.',
  ],
  sql: new URL('./data-key-cache-savings.sql', import.meta.url),
  params: Params,
  row: Row,
  run: async (sql, params, context) => {
    const max_messages =
      params.max_bytes && params.message_bytes
        ? messagesWithin(params.max_messages, params.max_bytes, params.message_bytes)
        : params.max_messages;
    const { max_age_seconds, capacity } = params;
    const settings = [{ max_age_seconds, max_messages }, ...gridSettings];
    const caches = { settings, capacity };
    const coverage = await CoverageHours.read(context, params);
    const prices = new PriceList(context.config);
    const best = new BestRows<CacheSavingRow>(
      params.limit,
      (a, b) => b.saved_calls - a.saved_calls || b.calls - a.calls,
    );
    for await (const outcome of replayCaches(sql, sqlParams(params), caches, context)) {
      const covered_hours = coverage.hours([outcome.account_id], outcome.region);
      const usd_per_call = prices.symmetric(outcome.region);
      const shown = params.grid ? settings.keys() : [0];
      for (const i of shown) {
        best.add(rowOf(outcome, i, settings[i]!, usd_per_call, covered_hours));
      }
    }
    const notes = priceNotes(context.config);
    if (params.max_bytes && !params.message_bytes) {
      notes.push('max_bytes is left out: the log holds no sizes; give message_bytes.');
    }
    return { rows: best.finish(), notes };
  },
});

function rowOf(
  outcome: CacheOutcome,
  index: number,
  setting: { max_age_seconds: number; max_messages: number },
  usd_per_call: number,
  covered_hours: number,
): CacheSavingRow {
  const { by_address, by_session, peak, ...group } = outcome;
  const calls = outcome.generate_calls + outcome.decrypt_calls;
  const saved_calls = calls - by_address[index]!.kept;
  const best = knee(
    gridSettings.map((point, i) => ({ ...point, saved: calls - by_address[i + 1]!.kept })),
  );
  return {
    ...group,
    max_age_seconds: setting.max_age_seconds,
    max_messages: setting.max_messages,
    calls,
    calls_after: by_address[index]!.kept,
    calls_after_low: index === 0 ? by_session[0]!.kept : null,
    saved_calls,
    cost_usd: calls * usd_per_call,
    saving_usd: saved_calls * usd_per_call,
    saving_usd_monthly: monthly(saved_calls * usd_per_call, covered_hours),
    covered_hours,
    calls_per_second_peak: peak,
    calls_per_second_peak_after: by_address[index]!.peak,
    knee_max_age_seconds: best?.max_age_seconds ?? null,
    knee_max_messages: best?.max_messages ?? null,
    knee_saved_calls: best?.saved ?? null,
    trade_off: `one data key encrypts up to ${setting.max_messages} messages and stays in memory for ${setting.max_age_seconds} s; ${saved_calls} KMS events vanish from the audit log`,
  };
}
