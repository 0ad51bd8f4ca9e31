import { figureText } from './figure-text.ts';

/** A row of `findings` as a sentence: what it is, where, what it saves, how sure that is. */
export function findingSentence(row: Readonly<Record<string, unknown>>): string {
  const calls = Number(row['saved_calls']);
  const monthly = Number(row['saving_usd_monthly'] ?? 0);
  const money = monthly > 0 ? `$${figureText(monthly, 'USD')} a month` : '';
  const worth =
    calls > 0
      ? `${figureText(calls, 'calls')} calls fewer${money ? `, ${money}` : ''}`
      : money || 'no calls fewer for certain, worth a look';
  return `${String(row['title'])}: ${String(row['resource'])} (${worth}; confidence ${String(row['confidence'])}).`;
}
