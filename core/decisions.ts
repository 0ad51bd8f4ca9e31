import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { exitCodes, KeymeterError, messageOf } from './errors.ts';

/** What a reader decided about the findings of a rule and principal, and why. */
export const decisionSchema = z.object({
  rule: z.string().min(1).max(128),
  /** Null: findings of the rule that name no principal. */
  principal_arn: z.string().max(2048).nullable(),
  decision: z.enum(['acknowledged', 'suppressed']),
  reason: z.string().trim().min(1).max(500),
  decided_at: z.string().max(40),
});
export type Decision = z.output<typeof decisionSchema>;

const decisions_max = 10_000;
const fileSchema = z.object({ decisions: z.array(decisionSchema).max(decisions_max) });

/** Decisions lie beside the configuration that they belong to; without one, beside the database. */
export function decisionsFile(config: string | undefined, database: string | undefined): string {
  return `${(config ?? database ?? 'keymeter').replace(/\.json$/, '')}.decisions.json`;
}

/** The decisions in a file; none when there is no file. Throws KeymeterError decisions_invalid. */
export function readDecisions(file: string): Decision[] {
  if (!existsSync(file)) return [];
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).decisions;
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new KeymeterError('decisions_invalid', `${file} is not a list of decisions: ${detail}`, {
      fix: 'mend the file, or move it away to start without decisions',
      exitCode: exitCodes.usage,
      cause: error,
    });
  }
}

/** Replaces the file in one step, so that a crash leaves the old or the new list. */
export function writeDecisions(file: string, decisions: readonly Decision[]): void {
  const next = `${file}.next`;
  writeFileSync(next, `${JSON.stringify({ decisions }, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, file);
}

/** The list with a decision about a rule and principal put in, or taken out when they are open again. */
export function decided(
  decisions: readonly Decision[],
  target: Pick<Decision, 'rule' | 'principal_arn'>,
  decision: Decision | null,
): Decision[] {
  const others = decisions.filter(
    (one) => one.rule !== target.rule || one.principal_arn !== target.principal_arn,
  );
  return decision ? [...others, decision] : others;
}
