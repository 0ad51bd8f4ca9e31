import bill, { type BillLine, type BillRow } from '../../analytics/finops/bill.ts';
import findings, { type FindingRow } from '../../analytics/finops/findings.ts';
import { defaultConfig, type Config } from '../../core/config.ts';
import type { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';

/** The bill and the findings of a database, checked against their schemas. */
export async function moneyOf(
  engine: DuckDbEngine,
  params: Record<string, unknown> = {},
  config: Config = defaultConfig,
): Promise<{ bill: BillRow[]; findings: FindingRow[]; notes: string[] }> {
  const context = { engine, config };
  const asked = { saved_calls_min: 1, ...params };
  const charged = await bill.execute(asked, context);
  const found = await findings.execute({ ...asked, limit: 10_000 }, context);
  return {
    bill: charged.rows.map((row) => bill.row.parse(row) as BillRow),
    findings: found.rows.map((row) => findings.row.parse(row) as FindingRow),
    notes: charged.notes,
  };
}

/** One line of one account's bill; all accounts together by default. */
export function lineOf(rows: readonly BillRow[], line: BillLine, account = '(all)'): BillRow {
  const found = rows.find((row) => row.line === line && row.account_id === account);
  if (!found) throw new Error(`the bill has no line ${line} of ${account}`);
  return found;
}

export const sumOf = <T>(rows: readonly T[], pick: (row: T) => number | null) =>
  rows.reduce((sum, row) => sum + (pick(row) ?? 0), 0);
