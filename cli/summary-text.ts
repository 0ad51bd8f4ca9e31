import type { IngestSummary } from '../ingest/summary.ts';
import { printable } from '../core/printable.ts';

const count = (value: number) => value.toLocaleString('en-US');

/** The summary of a run for people: what was listed, read, left out, and where to look next. */
export function ingestSummaryText(summary: IngestSummary): string {
  const s = summary;
  const lines = [
    `${count(s.objects_listed)} objects listed: ${count(s.objects_new)} new, ${count(s.objects_known)} known already`,
    `${count(s.objects_ok)} ok, ${count(s.objects_empty)} empty, ${count(s.objects_skipped)} skipped, ${count(s.objects_dead)} dead, ${count(s.objects_gone)} gone, ${count(s.objects_pending)} to be tried again`,
    `${count(s.records_total)} records = ${count(s.non_kms)} not KMS + ${count(s.inserted)} inserted + ${count(s.duplicate)} duplicate + ${count(s.rejected)} rejected`,
  ];
  const left = Object.entries(s.names_skipped);
  if (left.length > 0) {
    lines.push(`left out by name: ${left.map(([why, n]) => `${count(n)} ${why}`).join(', ')}`);
  }
  const classes = Object.entries(s.classes);
  if (classes.length > 0) {
    lines.push(
      `classes: ${classes.map(([name, n]) => `${count(n)} ${name}`).join(', ')} (docs/errors.md)`,
    );
  }
  for (const problem of s.problems) {
    lines.push(`${problem.problem}: ${printable(problem.place)}: ${printable(problem.message)}`);
  }
  if (s.status === 'interrupted') lines.push('interrupted: run the same command again to go on');
  lines.push(`run ${s.run_id}: ${s.status} in ${(s.elapsed_ms / 1_000).toFixed(1)} s`);
  return `${lines.join('\n')}\n`;
}
