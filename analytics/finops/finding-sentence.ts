import { plural, usdRange, usdText } from '../../core/words.ts';
import type { Confidence } from './finding.ts';

/** What the sentence reads of a row of `findings`. */
export interface FindingFigures {
  finding: string;
  title: string;
  resource: string;
  calls: number;
  saved_calls: number;
  saved_calls_high: number;
  saving_usd: number;
  saving_usd_monthly: number | null;
  saving_high_usd_monthly: number | null;
  saving_list_usd_monthly: number | null;
  one_time_cost_usd: number;
  payback_months: number | null;
  confidence: Confidence;
}

/** A finding as one sentence: what it is, where, what it saves, what it costs, how sure that is. */
export function findingSentence(row: FindingFigures): string {
  const parts = [callsPart(row), moneyPart(row), costPart(row)].filter((part) => part !== '');
  return `${row.title}: ${row.resource}. ${capital(parts.join('; '))}. Confidence: ${row.confidence}.`;
}

function callsPart(row: FindingFigures): string {
  if (row.saved_calls_high === 0) return '';
  const of = `of ${plural(row.calls, 'call')}`;
  if (row.saved_calls === 0) {
    return `may spare up to ${row.saved_calls_high.toLocaleString('en-US')} ${of}, none for certain`;
  }
  const more =
    row.saved_calls_high > row.saved_calls
      ? `, up to ${row.saved_calls_high.toLocaleString('en-US')} at best`
      : '';
  return `spares ${row.saved_calls.toLocaleString('en-US')} ${of}${more}`;
}

function moneyPart(row: FindingFigures): string {
  const monthly = row.saving_usd_monthly;
  if (monthly === null) {
    return row.saving_usd > 0
      ? `saves ${usdText(row.saving_usd)} in the range, too short for a month`
      : 'saves no money in the range, which is too short for a month';
  }
  const high = row.saving_high_usd_monthly ?? monthly;
  if (high > 0) {
    const range = row.finding === 'idle_key' ? usdRange(monthly, high) : usdText(monthly);
    if (monthly > 0 || row.finding === 'idle_key') return `saves ${range} a month`;
    return `saves up to ${usdText(high)} a month`;
  }
  return (row.saving_list_usd_monthly ?? 0) > 0 || row.saved_calls_high > 0
    ? 'saves no money: the free tier covers these calls'
    : 'saves no money';
}

function costPart(row: FindingFigures): string {
  if (row.one_time_cost_usd === 0) return '';
  const once = `costs ${usdText(row.one_time_cost_usd)} once`;
  const months = row.payback_months;
  if (months === null) return `${once}, which is never paid back`;
  return `${once}, paid back in ${durationText(months)}`;
}

/** `5 months`, `46 years`; from ten years on in whole years. */
function durationText(months: number): string {
  if (months < 1) return 'less than a month';
  if (months < 24) return plural(Math.ceil(months), 'month');
  const years = months / 12;
  return `${years < 10 ? years.toFixed(1) : Math.round(years).toLocaleString('en-US')} years`;
}

const capital = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1);
