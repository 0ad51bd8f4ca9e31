import Table from 'cli-table3';
import { printable } from '../core/printable.ts';
import type { VerifySummary } from '../verify/summary.ts';
import type { Verdict } from '../verify/verdict.ts';

export const verifyFormats = ['table', 'json', 'ndjson'] as const;
export type VerifyFormat = (typeof verifyFormats)[number];

export interface VerifyOutput {
  verdict(verdict: Verdict): Promise<void>;
  end(summary: VerifySummary): Promise<void>;
}

type Write = (text: string) => void | Promise<void>;

/**
 * Writes verdicts as they come. `ndjson`: one object a line, the summary last with kind `summary`;
 * `json`: `{"verdicts": [...], "summary": {...}}`; `table`: a line for what is not valid, then counts.
 */
export function verifyOutput(format: VerifyFormat, verbose: boolean, write: Write): VerifyOutput {
  if (format === 'ndjson') {
    return {
      verdict: async (verdict) => write(`${json(verdict)}\n`),
      end: async (summary) => write(`${json({ kind: 'summary', ...summary })}\n`),
    };
  }
  if (format === 'json') {
    let separator = '{"verdicts":[\n';
    return {
      async verdict(verdict) {
        await write(`${separator}${json(verdict)}`);
        separator = ',\n';
      },
      async end(summary) {
        const open = separator.startsWith('{') ? separator : '';
        await write(`${open}\n],"summary":${json(summary)}}\n`);
      },
    };
  }
  return {
    async verdict(verdict) {
      if (verbose || verdict.outcome !== 'valid') await write(`${lineOf(verdict)}\n`);
    },
    end: async (summary) => write(`\n${tableOf(summary)}\n`),
  };
}

function lineOf(verdict: Verdict): string {
  const { account_id, region, trail, chain } = verdict;
  const where = [account_id, region, trail, chain === 'backfill' ? 'backfill' : '']
    .filter(Boolean)
    .join(' ');
  if (verdict.kind === 'hour') {
    const { hour_from, hour_to, log_files, status } = verdict;
    return printable(
      `hour    ${status}  ${where}  ${hour_from} to ${hour_to}, ${log_files} log files`,
    );
  }
  const place = verdict.key ? `s3://${verdict.bucket}/${verdict.key}` : where;
  const reason = verdict.reason ? `  (${verdict.reason})` : '';
  return printable(`${verdict.kind.padEnd(7)} ${verdict.status}  ${place}${reason}`);
}

function tableOf(summary: VerifySummary): string {
  const table = new Table({ head: ['', 'total', 'by status'], style: { head: [], border: [] } });
  const counts = (all: object) =>
    Object.entries(all)
      .map(([status, count]) => `${count} ${status}`)
      .join(', ');
  table.push(['digests', summary.digests_total, counts(summary.digests)]);
  table.push(['log files', summary.log_files_total, counts(summary.log_files)]);
  table.push(['hours', summary.hours_total, counts(summary.hours)]);
  const proven =
    summary.proven_from === null
      ? 'Nothing is proven.'
      : `Proven hours lie between ${summary.proven_from} and ${summary.proven_to}.`;
  return `${table.toString()}\n${summary.outcome}. ${proven}`;
}

/** The escapes that make hostile text printable are JSON's own. */
function json(value: unknown): string {
  return printable(JSON.stringify(value));
}
