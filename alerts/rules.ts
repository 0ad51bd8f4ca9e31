import { analysis } from '../analytics/registry.ts';
import type { AnalysisContext } from '../analytics/analysis.ts';
import { readNames } from '../analytics/names.ts';
import type { AlertRule } from '../core/alert-config.ts';
import { parseDuration } from '../core/time.ts';
import { plural, usdText } from '../core/words.ts';
import { situationId, type Situation } from './situation.ts';

type Row = Record<string, unknown>;
type RuleOf<K extends AlertRule['kind']> = Extract<AlertRule, { kind: K }>;

/** What an evaluation sees: the data, its newest instant, and the clock. */
export interface Evaluation {
  context: AnalysisContext;
  /** The newest event; null when there is none. ISO. */
  data_to: string | null;
  now: Date;
  nameOf: (id: string) => string;
}

const day_ms = 86_400_000;
const full_percent = 100;

export async function openEvaluation(context: AnalysisContext, now: Date): Promise<Evaluation> {
  const [totals] = await context.engine.rows(
    'SELECT CAST(max(second) AS VARCHAR) AS data_to FROM calls_per_second',
    {},
    context,
  );
  const text = totals?.['data_to'];
  const data_to = typeof text === 'string' ? `${text.slice(0, 19).replace(' ', 'T')}Z` : null;
  const names = await readNames(context);
  return { context, data_to, now, nameOf: (id) => names.labelOf(id) ?? id };
}

/** The situations of a rule that hold now. */
export async function evaluate(rule: AlertRule, evaluation: Evaluation): Promise<Situation[]> {
  if (rule.kind === 'delivery') return silentTrails(rule, evaluation);
  if (evaluation.data_to === null) return [];
  switch (rule.kind) {
    case 'quota':
      return fullQuotas(rule, evaluation);
    case 'forecast':
      return forecasts(rule, evaluation);
    case 'throttling':
      return throttled(rule, evaluation);
    case 'detection':
      return detected(rule, evaluation);
    case 'change':
      return changed(rule, evaluation);
  }
}

async function ask(name: string, params: Row, { context }: Evaluation): Promise<Row[]> {
  const found = await analysis(name);
  if (!found) throw new Error(`there is no analysis ${name}`);
  const given = Object.entries(params).filter(
    ([param, value]) => value !== undefined && param in found.params.shape,
  );
  return (await found.execute(Object.fromEntries(given), context)).rows;
}

const before = (iso: string, ms: number) => new Date(Date.parse(iso) - ms).toISOString();
const durationOf = (text: string) => parseDuration(text) ?? 0;
const text = (value: unknown) => (typeof value === 'string' ? value : '');

async function fullQuotas(rule: RuleOf<'quota'>, at: Evaluation): Promise<Situation[]> {
  const from = before(at.data_to!, durationOf(rule.within));
  const { account, region } = rule;
  const rows = await ask('quota-utilisation', { from, account, region, limit: 10_000 }, at);
  return rows
    .filter((row) => Number(row['utilisation_peak_percent'] ?? 0) >= rule.percent)
    .filter((row) => Number(row['accepted_peak']) >= rule.calls_min)
    .map((row): Situation => {
      const { quota, place, labels, keys } = quotaPlace(row, at);
      const percent = Number(row['utilisation_peak_percent']);
      const peak = `${plural(Number(row['accepted_peak']), 'call')} of ${text(row['limit_calls'] === null ? '' : String(row['limit_calls']))}`;
      return {
        id: situationId(rule.name, ...keys),
        rule: rule.name,
        kind: rule.kind,
        severity: percent >= full_percent ? 'critical' : 'warning',
        summary: `${quota} of ${place} was used to ${percent.toFixed(0)} % at ${text(row['accepted_peak_at'])}: ${peak} allowed.`,
        since: text(row['accepted_peak_at']),
        labels,
        link: pageOf('capacity', { from, account: labels['account'], region: labels['region'] }),
      };
    });
}

async function forecasts(rule: RuleOf<'forecast'>, at: Evaluation): Promise<Situation[]> {
  const { account, region } = rule;
  const rows = await ask('quota-forecast', { account, region }, at);
  const until = new Date(Date.parse(at.data_to!) + rule.within_days * day_ms).toISOString();
  return rows.flatMap((row): Situation[] => {
    const day = text(row['expected_100_percent_on']);
    if (day === '' || day > until.slice(0, 10)) return [];
    const { quota, place, labels, keys } = quotaPlace(row, at);
    const band = [text(row['earliest_100_percent_on']), text(row['latest_100_percent_on'])];
    return [
      {
        id: situationId(rule.name, ...keys),
        rule: rule.name,
        kind: rule.kind,
        severity: 'warning',
        summary: `${quota} of ${place} is expected to be full on ${day} (between ${band[0] || 'now'} and ${band[1] || 'later than the forecast looks'}).`,
        since: text(row['last_day']),
        labels,
        link: pageOf('capacity', { account: labels['account'], region: labels['region'] }),
      },
    ];
  });
}

async function throttled(rule: RuleOf<'throttling'>, at: Evaluation): Promise<Situation[]> {
  const from = before(at.data_to!, durationOf(rule.within));
  const { account, region } = rule;
  const rows = await ask('throttle-hotspots', { from, account, region }, at);
  return rows
    .filter((row) => Number(row['throttled_calls']) >= rule.calls_min)
    .map((row): Situation => {
      const { quota, place, labels, keys } = quotaPlace(row, at);
      const started_at = text(row['started_at']);
      return {
        id: situationId(rule.name, ...keys, started_at),
        rule: rule.name,
        kind: rule.kind,
        severity: 'critical',
        summary: `At least ${plural(Number(row['throttled_calls']), 'call')} against ${quota} of ${place} were throttled from ${started_at} to ${text(row['ended_at'])}.`,
        since: started_at,
        labels,
        link: pageOf('capacity', { from: started_at, account: labels['account'] }),
      };
    });
}

/** What identifies a quota's row, for the id, the labels and the sentence. */
function quotaPlace(row: Row, at: Evaluation) {
  const account = text(row['caller_account_id']);
  const region = text(row['region']);
  const quota_id = text(row['quota_id']);
  const store = text(row['custom_key_store_id']);
  const labels: Record<string, string> = {};
  if (account) labels['account'] = account;
  if (region) labels['region'] = region;
  labels['quota'] = quota_id;
  if (store) labels['custom_key_store'] = store;
  const where = [account && at.nameOf(account), region].filter(Boolean).join(' in ');
  const place = where || `custom key store ${store}`;
  const quota = text(row['quota_name']) || `the quota ${quota_id}`;
  return { quota, place, labels, keys: [account, region, quota_id, store] };
}

async function detected(rule: RuleOf<'detection'>, at: Evaluation): Promise<Situation[]> {
  const since = before(at.data_to!, durationOf(rule.within));
  const { severity, account, region } = rule;
  const rows = await ask('detections', { severity, account, region }, at);
  return rows
    .filter((row) => text(row['last_at']) >= since)
    .map((row): Situation => {
      const principal = text(row['principal_arn']);
      const parts = [text(row['rule']), text(row['account_id']), principal, text(row['key'])];
      const labels: Record<string, string> = { detection: text(row['rule_id']) };
      if (row['account_id']) labels['account'] = text(row['account_id']);
      if (principal) labels['principal'] = principal;
      const isSerious = ['high', 'critical'].includes(text(row['severity']));
      return {
        id: situationId(rule.name, ...parts, text(row['first_at'])),
        rule: rule.name,
        kind: rule.kind,
        severity: isSerious ? 'critical' : 'warning',
        summary: `${text(row['rule_id'])} (${text(row['severity'])}): ${text(row['finding'])}`,
        since: text(row['first_at']),
        labels,
        link: pageOf('security', { from: text(row['first_at']), principal }),
      };
    });
}

/** The last whole day of the data against the same weekday a week before, by account. */
async function changed(rule: RuleOf<'change'>, at: Evaluation): Promise<Situation[]> {
  const end = Date.parse(`${at.data_to!.slice(0, 10)}T00:00:00Z`);
  const dayAt = (days: number) => new Date(end - days * day_ms).toISOString();
  const on = async (days: number) => {
    const { account, region } = rule;
    const range = { from: dayAt(days), to: dayAt(days - 1), account, region, by: 'account' };
    const rows = await ask('request-cost', { ...range, limit: 10_000 }, at);
    return new Map(
      rows
        .filter((row) => row['row_kind'] === 'group')
        .map((row) => {
          const calls = Number(row['calls_priced']) + Number(row['calls_unpriced']);
          return [text(row['group_name']), { calls, cost: Number(row['cost_usd']) }] as const;
        }),
    );
  };
  const [latest, earlier] = [await on(1), await on(8)];
  const day = dayAt(1).slice(0, 10);
  return [...latest].flatMap(([account, now]): Situation[] => {
    const then = earlier.get(account);
    if (!then || then[rule.of] <= 0 || now.calls < rule.calls_min) return [];
    const rise = 100 * (now[rule.of] / then[rule.of] - 1);
    if (rise < rule.rise_percent) return [];
    const shown = (value: number) => (rule.of === 'cost' ? usdText(value) : plural(value, 'call'));
    return [
      {
        id: situationId(rule.name, account, day),
        rule: rule.name,
        kind: rule.kind,
        severity: 'warning',
        summary: `${at.nameOf(account)} made ${shown(now[rule.of])} on ${day}, ${rise.toFixed(0)} % more than the ${shown(then[rule.of])} a week before.`,
        since: `${day}T00:00:00Z`,
        labels: { account, day },
        link: pageOf('cost', { from: dayAt(8), account }),
      },
    ];
  });
}

/** Accounts and Regions whose newest object is older than the rule allows. */
async function silentTrails(rule: RuleOf<'delivery'>, at: Evaluation): Promise<Situation[]> {
  const { account, region } = rule;
  const rows = await at.context.engine.rows(
    `SELECT account_id, region, CAST(max(coalesce(last_modified_at, record_time_max)) AS VARCHAR) AS newest
     FROM ingest_objects
     WHERE account_id IS NOT NULL AND status IN ('ok', 'empty')
       AND (CAST($account AS VARCHAR) IS NULL OR account_id = $account)
       AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
     GROUP BY account_id, region ORDER BY account_id, region`,
    { account, region },
    at.context,
  );
  const latest = new Date(at.now.getTime() - durationOf(rule.silent_for)).toISOString();
  return rows.flatMap((row): Situation[] => {
    const newest = `${text(row['newest']).slice(0, 19).replace(' ', 'T')}Z`;
    if (newest >= latest) return [];
    const [of, where] = [text(row['account_id']), text(row['region'])];
    return [
      {
        id: situationId(rule.name, of, where, newest),
        rule: rule.name,
        kind: rule.kind,
        severity: 'critical',
        summary: `No log of ${at.nameOf(of)}${where ? ` in ${where}` : ''} was delivered since ${newest}: calls since then are not known.`,
        since: newest,
        labels: { account: of, ...(where ? { region: where } : {}) },
        link: pageOf('coverage', { account: of }),
      },
    ];
  });
}

function pageOf(page: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => !!entry[1]);
  const search = new URLSearchParams(given).toString();
  return `/${page}${search ? `?${search}` : ''}`;
}
