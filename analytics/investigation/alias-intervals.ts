import { readFileSync } from 'node:fs';
import type { AnalysisContext } from '../analysis.ts';
import { epochSeconds } from '../../core/time.ts';

/** One line of alias-history.sql. Instants are ISO texts. */
export interface AliasPoint {
  kind: 'change' | 'observed';
  operation: string | null;
  account_id: string;
  region: string;
  alias: string;
  key_arn: string | null;
  first_at: string;
  last_at: string;
  principal_arn: string | null;
  event_id: string;
}

/** A time in which an alias meant one key. `valid_to` is exclusive; null while it still holds. */
export interface AliasInterval {
  account_id: string;
  region: string;
  alias: string;
  key_arn: string;
  valid_from: string;
  valid_to: string | null;
  /** What shows it: the call that set the alias, or calls whose key was resolved through it. */
  basis: 'created' | 'updated' | 'observed';
  set_by: string | null;
  set_event_id: string;
  /** What ended it: UpdateAlias, DeleteAlias, or `observed` when calls show another key. */
  ended_by: string | null;
  end_event_id: string | null;
}

/** KMS answers with the old key of a moved alias for up to five minutes (eventual consistency). */
const settling_s = 300;

const sql = readFileSync(new URL('./alias-history.sql', import.meta.url), 'utf8');

/** Joins the points of each alias to intervals, in order of account, Region, alias and time. */
export function aliasIntervals(points: readonly AliasPoint[]): AliasInterval[] {
  const byAlias = new Map<string, AliasPoint[]>();
  for (const point of points) {
    const name = JSON.stringify([point.account_id, point.region, point.alias]);
    const known = byAlias.get(name);
    if (known) known.push(point);
    else byAlias.set(name, [point]);
  }
  return [...byAlias]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, mine]) => intervalsOfOne(mine));
}

function intervalsOfOne(points: AliasPoint[]): AliasInterval[] {
  // At the same second a change comes before the calls that show its effect.
  points.sort(
    (a, b) =>
      compare(a.first_at, b.first_at) || compare(a.kind, b.kind) || compare(a.event_id, b.event_id),
  );
  const done: AliasInterval[] = [];
  let open = null as AliasInterval | null;
  let changed_at: number | null = null;
  const end = (at: string, by: string, event_id: string) => {
    if (open) done.push({ ...open, valid_to: at, ended_by: by, end_event_id: event_id });
    open = null;
  };
  for (const point of points) {
    if (point.kind === 'change') {
      end(point.first_at, point.operation ?? 'change', point.event_id);
      changed_at = epochSeconds(point.first_at);
      if (point.key_arn === null) continue;
    } else {
      const seen_at = epochSeconds(point.last_at);
      if (point.key_arn === null || (open as AliasInterval | null)?.key_arn === point.key_arn)
        continue;
      if (changed_at !== null && seen_at - changed_at <= settling_s) continue;
      end(point.first_at, 'observed', point.event_id);
    }
    open = {
      account_id: point.account_id,
      region: point.region,
      alias: point.alias,
      key_arn: point.key_arn,
      valid_from: point.first_at,
      valid_to: null,
      basis: basisOf(point),
      set_by: point.principal_arn,
      set_event_id: point.event_id,
      ended_by: null,
      end_event_id: null,
    };
  }
  if (open) done.push(open);
  // A change within the second of the one before it never held.
  return done.filter((interval) => interval.valid_from !== interval.valid_to);
}

function basisOf(point: AliasPoint): AliasInterval['basis'] {
  if (point.kind === 'observed') return 'observed';
  return point.operation === 'CreateAlias' ? 'created' : 'updated';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** All alias intervals that the log shows, optionally of one account and Region. */
export async function readAliasIntervals(
  context: AnalysisContext,
  scope: { account?: string | undefined; region?: string | undefined } = {},
): Promise<AliasInterval[]> {
  const points = await context.engine.rows(sql, { ...scope }, context);
  return aliasIntervals(points as unknown as AliasPoint[]);
}

const aliasArn = /^arn:[^:]*:kms:([^:]*):([^:]*):(alias\/.+)$/;

/** Whether a key as typed in a request is an alias. */
export function isAlias(ref: string): boolean {
  return ref.startsWith('alias/') || aliasArn.test(ref);
}

/** Finds the key that aliases meant at a moment. */
export class AliasResolver {
  readonly #byAlias = new Map<string, AliasInterval[]>();

  constructor(intervals: readonly AliasInterval[]) {
    for (const interval of intervals) {
      const name = JSON.stringify([interval.account_id, interval.region, interval.alias]);
      const known = this.#byAlias.get(name);
      if (known) known.push(interval);
      else this.#byAlias.set(name, [interval]);
    }
  }

  /** Intervals of an alias as typed (name or ARN) by a caller of this account and Region. */
  intervals(ref: string, account: string | null, region: string | null): readonly AliasInterval[] {
    const arn = aliasArn.exec(ref);
    const name = arn ? [arn[2], arn[1], arn[3]] : [account, region, ref];
    return this.#byAlias.get(JSON.stringify(name)) ?? [];
  }

  /** The key an alias meant at an instant (ISO text); null when the log does not tell. */
  keyAt(ref: string, account: string | null, region: string | null, at: string): string | null {
    const held = this.intervals(ref, account, region).find(
      (interval) =>
        interval.valid_from <= at && (interval.valid_to === null || at < interval.valid_to),
    );
    return held?.key_arn ?? null;
  }
}
