import type { AnalysisContext } from '../analysis.ts';

/**
 * Accounts that are not foreign: those of the configuration, else those whose trails were read (by the
 * records' recipient and the files' path).
 */
export async function ownAccounts(context: AnalysisContext): Promise<ReadonlySet<string>> {
  const configured = context.config.ownAccounts;
  if (configured.length > 0) return new Set(configured);
  const rows = await context.engine.rows(
    `SELECT DISTINCT account_id FROM kms_events WHERE account_id IS NOT NULL
     UNION SELECT DISTINCT account_id FROM ingest_objects WHERE account_id IS NOT NULL`,
    {},
    context,
  );
  return new Set(rows.map((row) => String(row['account_id'])));
}

/** Says which accounts count as own, for the notes. */
export function ownAccountsNote(context: AnalysisContext, own: ReadonlySet<string>): string {
  const shown = [...own].sort().slice(0, 20).join(', ');
  const more = own.size > 20 ? ` and ${own.size - 20} more` : '';
  return context.config.ownAccounts.length > 0
    ? `Own accounts by configuration: ${shown}${more}.`
    : `No own accounts are configured; taken as own are those whose trails were read: ${shown}${more}.`;
}
