import { createHash } from 'node:crypto';

/** Something that a rule says holds now. */
export interface Situation {
  /** The same as long as the situation lasts, also over restarts. */
  id: string;
  rule: string;
  kind: string;
  severity: 'warning' | 'critical';
  /** What holds, in one sentence with its numbers. */
  summary: string;
  /** When it began, as far as the data shows; ISO. */
  since: string;
  labels: Readonly<Record<string, string>>;
  /** Path and query of the page that shows it. */
  link: string;
}

/** The id of a rule's situation: a hash of the rule and of what makes the situation itself. */
export function situationId(rule: string, ...parts: readonly (string | null)[]): string {
  const text = JSON.stringify([rule, ...parts]);
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}
