import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { csvOf } from '../formats/csv.ts';
import { exitCodes, KeymeterError } from '../core/errors.ts';
import { tablesOf, type Report } from './report.ts';

/** Names of what a report gives as CSV: its headline, its notes, and each table. */
export function csvNames(report: Report): string[] {
  return ['headline', ...tablesOf(report).map((table) => table.name), 'findings-text', 'notes'];
}

/** One table as CSV. Throws KeymeterError unknown_table (usage). */
export function reportTableCsv(report: Report, name: string): string {
  if (name === 'headline') return csvOf(['label', 'value', 'unit'], report.headline as never);
  if (name === 'notes')
    return csvOf(
      ['note'],
      report.notes.map((note) => ({ note })),
    );
  if (name === 'findings-text') {
    const rows = report.sections.flatMap((section) =>
      section.findings.map((finding) => ({ section: section.title, finding })),
    );
    return csvOf(['section', 'finding'], rows);
  }
  const table = tablesOf(report).find((one) => one.name === name);
  if (table)
    return csvOf(
      table.columns.map((column) => column.name),
      table.rows,
    );
  throw new KeymeterError('unknown_table', `this report has no table ${name}`, {
    fix: `its tables: ${csvNames(report).join(', ')}`,
    exitCode: exitCodes.usage,
  });
}

/** Every table as a file of its name in a directory; gives the files' paths. */
export async function writeReportCsv(report: Report, directory: string): Promise<string[]> {
  await mkdir(directory, { recursive: true });
  const files: string[] = [];
  for (const name of csvNames(report)) {
    const file = path.join(directory, `${name}.csv`);
    await writeFile(file, reportTableCsv(report, name));
    files.push(file);
  }
  return files;
}
