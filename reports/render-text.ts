import { printable } from '../core/printable.ts';
import type { Report } from './report.ts';
import { cellText, textTable } from './text-table.ts';

/** A report for a terminal. */
export function reportText(report: Report, width: number): string {
  const lines: string[] = [report.title];
  if (report.range.from) lines.push(`${report.range.from} to ${report.range.to} (UTC)`);
  lines.push(report.headline.map((h) => `${cellText(h.value)} ${h.label}`).join(', '), '');
  for (const section of report.sections) {
    lines.push(`== ${section.title}`, ...section.findings.map((text) => printable(text)));
    for (const table of section.tables) {
      const names = table.columns.map((column) => column.name);
      lines.push(table.rows.length > 0 ? textTable(names, table.rows, width) : 'no rows');
      if (table.truncated) lines.push(`more: ${printable(table.command)}`);
    }
    lines.push(...section.notes.map((note) => `note: ${printable(note)}`), '');
  }
  return `${lines.join('\n')}\n`;
}
