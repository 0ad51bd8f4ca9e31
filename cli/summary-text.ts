import { memberOf } from '../core/member-of.ts';
import type { IngestSummary } from '../ingest/summary.ts';
import { printable } from '../core/printable.ts';

const count = (value: number) => value.toLocaleString('en-US');

/** What looks like a log and was not read, and what to do about it. */
function unreadLines(s: IngestSummary): string[] {
  if (s.objects_unread === 0) return [];
  const lines = s.unread.map(
    ({ place, status, error_class, error_detail }) =>
      `  ${printable(place)}: ${error_class ?? status}: ${printable(error_detail ?? '')}`,
  );
  const more = s.objects_unread - s.unread.length;
  if (more > 0) lines.push(`  and ${count(more)} more: keymeter coverage --unread lists them`);
  return [`NOT READ: ${count(s.objects_unread)} objects that look like logs`, ...lines];
}

/** The summary of a run for people: what was listed, read, left out, and where to look next. */
export function ingestSummaryText(summary: IngestSummary): string {
  const s = summary;
  const lines = [
    `${count(s.objects_listed)} objects listed: ${count(s.objects_new)} new, ${count(s.objects_known)} known already`,
    `${count(s.objects_ok)} ok, ${count(s.objects_empty)} empty, ${count(s.objects_skipped)} skipped, ${count(s.objects_dead)} dead, ${count(s.objects_gone)} gone, ${count(s.objects_pending)} to be tried again`,
    `${count(s.records_total)} records = ${count(s.non_kms)} not KMS + ${count(s.inserted)} inserted + ${count(s.duplicate)} duplicate + ${count(s.rejected)} rejected`,
  ];
  if (s.foreign > 0) {
    lines.push(`${count(s.foreign)} values that are no CloudTrail records (not in the sum above)`);
  }
  if (s.unread_bytes > 0) lines.push(`${count(s.unread_bytes)} bytes that nothing read`);
  for (const [why, n] of Object.entries(s.names_skipped)) {
    const first = printable(memberOf(s.names_skipped_first, why) ?? '');
    lines.push(`left out: ${count(n)} ${why} (${n === 1 ? first : `first: ${first}`})`);
  }
  for (const [reason, n] of Object.entries(s.filtered)) {
    const option = reason === 'time' ? '--from/--to' : `--${reason}`;
    const first = printable(memberOf(s.filtered_first, reason) ?? '');
    lines.push(`filtered out by ${option}: ${count(n)} files or folders (first: ${first})`);
  }
  lines.push(...unreadLines(s));
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
