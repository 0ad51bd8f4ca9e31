import { figureText } from './figure-text.ts';

/** A row of `findings` as a sentence: what it is, where, what it saves, how sure that is. */
export function findingSentence(row: Readonly<Record<string, unknown>>): string {
  const calls = `${figureText(row['saved_calls'], 'calls')} calls`;
  const monthly = row['saving_usd_monthly'];
  const money =
    typeof monthly === 'number' && monthly > 0 ? ` ($${figureText(monthly, 'USD')} a month)` : '';
  const what = Number(row['saved_calls']) > 0 ? `would save ${calls}${money}` : `is worth a look`;
  const dollarsOnly = Number(row['saved_calls']) === 0 && money !== '';
  return `${String(row['title'])}: ${String(row['resource'])} ${dollarsOnly ? `costs${money}` : what}; confidence ${String(row['confidence'])}.`;
}
