import { createHash } from 'node:crypto';
import type { Report } from './report.ts';

/**
 * A report to hand over, with the hash of its content: the same facts give the same hash, and a changed
 * pack does not match its own. The hashes of the log files are in the report's table of files.
 */
export function evidencePack(report: Report): string {
  const content = JSON.stringify(report);
  const pack = {
    kind: 'keymeter evidence pack',
    report_sha256: createHash('sha256').update(content).digest('hex'),
    how_to_check:
      'report_sha256 is the SHA-256 of the member report as JSON without spaces. Compare content_sha256 of each file with the uncompressed log file.',
    report,
  };
  return `${JSON.stringify(pack, null, 1)}\n`;
}
