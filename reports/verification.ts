import type { AnalysisContext } from '../analytics/analysis.ts';
import type { CoverageScope } from '../analytics/coverage-note.ts';

type Row = Readonly<Record<string, unknown>>;

export interface Verification {
  /** Rows of verified_hours, oldest first. */
  periods: Row[];
  /** For each file: the statuses of its hours, or that there is none. */
  ofFiles: string[];
  findings: string[];
}

const periodsSql = `
  SELECT account_id, region, trail, chain, hour_from, hour_to, status, log_files, digest_key, verified_at
  FROM verified_hours
  WHERE (CAST($from AS TIMESTAMP) IS NULL OR hour_to > $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR hour_from < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  ORDER BY hour_from, account_id, region, trail, chain, hour_to`;

const hour_ms = 3_600_000;
const not_verified = 'not verified';

/**
 * What verification found for the hours of these files, or without files for those of the scope. A
 * digest period counts files by delivery, which is up to an hour or so after their records: the hours
 * of a file are those of its records and the one after.
 */
export async function verificationOf(
  context: AnalysisContext,
  files: readonly Row[] | null,
  { from, to, account, region }: CoverageScope,
): Promise<Verification> {
  if (files === null) {
    const params = { from, to, account, region };
    const periods = await context.engine.rows(periodsSql, params, context);
    return { periods, ofFiles: [], findings: sentences(periods, []) };
  }
  const spans = files.map(spanOf);
  const known = spans.filter((span) => span !== null);
  if (known.length === 0) {
    const ofFiles = files.map(() => not_verified);
    return { periods: [], ofFiles, findings: sentences([], ofFiles) };
  }
  const params = {
    from: new Date(known.reduce((least, span) => Math.min(least, span.from), Infinity)),
    to: new Date(known.reduce((most, span) => Math.max(most, span.to), -Infinity)),
    account: null,
    region: null,
  };
  const places = byPlace(await context.engine.rows(periodsSql, params, context));
  const met = new Set<Row>();
  const ofFiles = files.map((file, i) => {
    const span = spans[i];
    const statuses = new Set<string>();
    for (const period of span ? (places.get(placeOf(file)) ?? []) : []) {
      if (instant(period['hour_from']) >= span!.to) break;
      if (instant(period['hour_to']) <= span!.from) continue;
      met.add(period);
      statuses.add(String(period['status']));
    }
    return statuses.size > 0 ? [...statuses].sort().join(', ') : not_verified;
  });
  const periods = [...places.values()].flat().filter((period) => met.has(period));
  periods.sort((a, b) => instant(a['hour_from']) - instant(b['hour_from']));
  return { periods, ofFiles, findings: sentences(periods, ofFiles) };
}

function sentences(periods: readonly Row[], ofFiles: readonly string[]): string[] {
  if (periods.length === 0) {
    return [
      'Nothing was verified for these hours: no digest that was checked proves these files whole.',
    ];
  }
  const counts = new Map<string, number>();
  for (const { status } of periods) {
    counts.set(String(status), (counts.get(String(status)) ?? 0) + 1);
  }
  const shown = [...counts].sort().map(([status, count]) => `${count} ${status}`);
  const last = periods.reduce(
    (at, row) => (String(row['verified_at']) > at ? String(row['verified_at']) : at),
    '',
  );
  const missed = ofFiles.filter((text) => text === not_verified).length;
  return [
    `Verified, last at ${last}: ${periods.length} digest periods of these hours, ${shown.join(', ')}.`,
    ...(missed > 0
      ? [`${missed} of ${ofFiles.length} files lie in hours of which nothing was verified.`]
      : []),
  ];
}

function spanOf(file: Row): { from: number; to: number } | null {
  const first = file['record_time_min'];
  const last = file['record_time_max'];
  if (typeof first !== 'string' || typeof last !== 'string') return null;
  return {
    from: Math.floor(Date.parse(first) / hour_ms) * hour_ms,
    to: (Math.floor(Date.parse(last) / hour_ms) + 2) * hour_ms,
  };
}

function byPlace(periods: readonly Row[]): Map<string, Row[]> {
  const places = new Map<string, Row[]>();
  for (const period of periods) {
    const place = placeOf(period);
    const mine = places.get(place);
    if (mine) mine.push(period);
    else places.set(place, [period]);
  }
  return places;
}

const placeOf = ({ account_id, region }: Row) => `${String(account_id)} ${String(region)}`;
const instant = (value: unknown) => Date.parse(String(value));
