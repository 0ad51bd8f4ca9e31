import type { Finding } from '../detections/detection.ts';

/** What the sentences read of a row of `coverage`. */
interface CoverageDay {
  hours_broken: number;
  hours_without_proof: number;
  days_missing_before: number;
}

/** A note names this many; the rest is a number. */
const named_max = 10;

export function gapNotes(rows: readonly CoverageDay[]): string[] {
  const missing = rows.filter((row) => row.days_missing_before > 0).length;
  if (missing === 0) return [];
  return [`${missing} gaps of whole days: what happened in them is unknown, not zero.`];
}

/** Says when nothing was verified: zero proven hours then mean that nobody looked. */
export function proofNotes(rows: readonly CoverageDay[]): string[] {
  if (rows.length === 0) return [];
  const proof = rows.filter((row) => row.hours_without_proof < 24);
  if (proof.length === 0) {
    return [
      'No hour of these days is proven whole, empty or broken: nothing was verified, or no digest speaks for them. `keymeter verify SOURCE --db FILE` checks the digests.',
    ];
  }
  const broken = proof.filter((row) => row.hours_broken > 0).length;
  if (broken === 0) return [];
  return [
    `On ${broken} of these days files or digests are changed or missing: \`keymeter verify\` names them.`,
  ];
}

/** Trails that were stopped, deleted or made blind for KMS in the range. */
export function blindNotes(findings: readonly Finding[]): string[] {
  return listed(findings, ({ first_at, account_id, region, principal_arn, finding }) => {
    const where = `account ${account_id ?? '(unknown)'}, ${region ?? '(unknown Region)'}`;
    return `${first_at}, ${where}, by ${principal_arn ?? '(unknown)'}: ${finding}.`;
  });
}

/** Places that key ARNs name and whose logs were not read. */
export function placeNotes(places: readonly Readonly<Record<string, unknown>>[]): string[] {
  return listed(
    places,
    ({ account_id, region, keys_named, events }) =>
      `Account ${String(account_id)} in ${String(region)} owns ${String(keys_named)} keys that ${String(events)} events name, and no log of it was read: other use of those keys is unknown.`,
  );
}

function listed<T>(items: readonly T[], sentence: (item: T) => string): string[] {
  const more = items.length - named_max;
  const rest = more > 0 ? [`And ${more} more of the kind before.`] : [];
  return [...items.slice(0, named_max).map(sentence), ...rest];
}
