import type { DigestContent, DigestLink, Finding, JudgedDigest } from './digest-check.ts';
import { judgeDigest, readDigest } from './digest-check.ts';
import type { Digest, DigestLogFile } from './digest-file.ts';
import type { DigestKey, RegionScope } from './digest-key.ts';
import { digestFolder, instantOfStamp, scopeOfDigestKey } from './digest-key.ts';
import type { DigestStore } from './digest-store.ts';
import type { PublicKeys } from './public-keys.ts';
import type { ChainName, DigestVerdict, HourStatus } from './verdict.ts';

const hourMs = 3_600_000;
const prefetched = 4;

/** A digest in a listing, with its bucket: a chain may lead into another one. */
export type ListedDigest = DigestKey & { bucket: string };

export interface ChainOptions {
  store: DigestStore;
  publicKeys: PublicKeys;
  name: ChainName;
  scope: RegionScope;
  /** Oldest first. May hold some that lie after `to`: they are read for what they say of older ones. */
  listed: readonly ListedDigest[];
  /** The same chain's digests in another place, when it leads there. */
  listElsewhere(scope: RegionScope): Promise<ListedDigest[]>;
  /** Milliseconds, half-open: digests whose period meets the range are judged. */
  from: number;
  to: number;
}

/** One step back along the chain. */
export interface ChainStep {
  verdict: DigestVerdict;
  /** Files to check: none when the digest is not to be believed. */
  logFiles: readonly DigestLogFile[];
  isProven: boolean;
  /** The stretch of time this step speaks for, in milliseconds, with its status before the files. */
  period: { from: number; to: number; status: HourStatus };
  /** The digest that this one names before it, and that is not in the list. */
  unlisted?: { bucket: string; key: string; ends_before: number } | undefined;
}

/**
 * Walks one chain from its newest digest to the oldest of the range. A digest that cannot be believed
 * hands over to the next older one that is listed; digests that lie beside the chain are judged too,
 * and a hole that a deleted digest leaves is reported to its full width, not only for the one digest
 * that the chain names (aws-cli #7054).
 */
export async function* walkChain(options: ChainOptions): AsyncGenerator<ChainStep> {
  const walk = new ChainWalk(options);
  const visited = new Set<string>();
  let link: DigestLink | null = null;
  let next: ListedDigest | null = walk.takeOlder(null);
  while (next) {
    const at: ListedDigest = next;
    if (visited.has(`${at.bucket}/${at.key}`)) {
      next = walk.takeOlder(at);
      continue;
    }
    visited.add(`${at.bucket}/${at.key}`);
    const isLinked = link !== null && link.bucket === at.bucket && link.key === at.key;
    const judged = await walk.judge(at, isLinked ? link : null);
    const { digest } = judged;
    const isFollowed = digest !== null && judged.outcome !== 'invalid';
    const period = digest && (isFollowed || judged.isProven) ? periodOf(digest) : null;
    link = linkOf(judged);

    const previous: ListedDigest | null =
      period && link ? await walk.find(link.bucket, link.key) : null;
    const older = period ? (previous ?? walk.newestBefore(at)) : walk.newestBefore(at);
    if (period) {
      const isOldest = period.from <= options.from;
      const unlisted = isOldest && previous && walk.isUnlisted(previous) ? previous : null;
      if (period.from < options.to) {
        const step = walk.step(at, judged, period);
        yield unlisted ? { ...step, unlisted: { ...unlisted, ends_before: period.from } } : step;
      }
    } else if (at.ends_at - hourMs < options.to) {
      yield* walk.brokenSteps(at, judged, older);
    }
    if (period && period.from <= options.from) break;
    if (previous) yield* walk.besideChain(previous, visited);
    next = previous ?? walk.takeOlder(at);
  }
}

class ChainWalk {
  readonly #options: ChainOptions;
  readonly #reads = new Map<string, Promise<DigestContent | Finding>>();
  /** Folders whose digests are in the list. */
  readonly #places: Set<string>;
  #listed: ListedDigest[];

  constructor(options: ChainOptions) {
    this.#options = options;
    this.#places = new Set([placeOf(options.scope)]);
    this.#listed = options.listed.toSorted(byEnd);
  }

  /** Takes the newest listed digest that is older than `than` off the list. */
  takeOlder(than: ListedDigest | null): ListedDigest | null {
    for (;;) {
      const newest = this.#listed.pop();
      if (!newest) return null;
      if (!than || newest.ends_at < than.ends_at) return newest;
    }
  }

  newestBefore(than: ListedDigest): ListedDigest | null {
    return this.#listed.findLast((listed) => listed.ends_at < than.ends_at) ?? null;
  }

  /** The digest that a link names; when the chain leads to another place, that place is listed. */
  async find(bucket: string, key: string): Promise<ListedDigest> {
    const scope = scopeOfDigestKey(bucket, key);
    if (scope && !this.#places.has(placeOf(scope))) {
      this.#places.add(placeOf(scope));
      const more = await this.#options.listElsewhere(scope);
      this.#listed = [...this.#listed, ...more].toSorted(byEnd);
    }
    // From the newest on: the link nearly always names the next one.
    const listed = this.#listed.findLast((one) => one.bucket === bucket && one.key === key);
    if (listed) return listed;
    const stamp = /_(\d{8}T\d{6}Z)(?:_backfill)?\.json\.gz$/.exec(key);
    const ends_at = instantOfStamp(stamp?.[1] ?? '') ?? this.#options.from;
    const { trail, chain } = this.#options.name;
    return { bucket, key, trail, kind: chain, home_region: '', ends_at };
  }

  /** Whether a digest is only known by the link to it. */
  isUnlisted({ bucket, key }: ListedDigest): boolean {
    return !this.#listed.some((one) => one.bucket === bucket && one.key === key);
  }

  async judge(at: ListedDigest, link: DigestLink | null): Promise<JudgedDigest> {
    const { publicKeys, scope, name, from, to, listed } = this.#options;
    const read = this.#read(at);
    for (const soon of this.#listed.slice(-prefetched)) void this.#read(soon);
    const homes = [at.home_region, listed[0]?.home_region ?? ''].filter(Boolean);
    const judged = await judgeDigest(await read, at, link, {
      publicKeys,
      regions: [...new Set([scope.region, ...homes])],
      isBackfill: name.chain === 'backfill',
      keysFrom: Math.min(from, at.ends_at - hourMs),
      keysTo: Math.max(to, at.ends_at),
    });
    this.#reads.delete(`${at.bucket}/${at.key}`);
    return judged;
  }

  /** Digests come one after another; reading the next few ahead hides the way to S3. */
  #read(at: ListedDigest): Promise<DigestContent | Finding> {
    const place = `${at.bucket}/${at.key}`;
    const running = this.#reads.get(place) ?? readDigest(this.#options.store, at);
    running.catch(() => {}); // awaited by judge, perhaps later
    this.#reads.set(place, running);
    return running;
  }

  step(at: ListedDigest, judged: JudgedDigest, period: { from: number; to: number }): ChainStep {
    const files = judged.digest?.logFiles ?? [];
    const status = { valid: 'whole', invalid: 'broken', not_verifiable: 'not_verifiable' } as const;
    return {
      verdict: this.#verdict(at, judged, period),
      logFiles: files,
      isProven: judged.isProven,
      period: {
        ...period,
        status: judged.status === 'valid' && !files.length ? 'empty' : status[judged.outcome],
      },
    };
  }

  /**
   * A digest that is gone or not to be believed speaks for the hour before its name's time. What lies
   * between that hour and the next older digest was deleted as well, under names nobody knows.
   */
  *brokenSteps(
    at: ListedDigest,
    judged: JudgedDigest,
    older: ListedDigest | null,
  ): Generator<ChainStep> {
    const status = judged.outcome === 'invalid' ? 'broken' : 'not_verifiable';
    const olderEnd = older?.ends_at ?? null;
    const isHole = olderEnd !== null && at.ends_at - olderEnd > 1.5 * hourMs;
    const from = olderEnd === null || isHole ? at.ends_at - hourMs : olderEnd;
    const verdict = this.#verdict(at, judged, null);
    const period = { from, to: at.ends_at, status } as const;
    yield { verdict, logFiles: [], isProven: false, period };
    if (!isHole || from <= this.#options.from) return;
    const about = Math.max(1, Math.round((from - olderEnd) / hourMs));
    const hole: JudgedDigest = {
      status: judged.outcome === 'invalid' ? 'missing' : 'not_verifiable',
      reason:
        `about ${about} more digest${about > 1 ? 's' : ''} should lie between this one and ` +
        `${older?.key}, unless validation was off`,
      outcome: judged.outcome,
      digest: null,
      isProven: false,
    };
    const span = { from: olderEnd, to: from };
    yield {
      verdict: this.#verdict({ ...at, key: '' }, hole, span),
      logFiles: [],
      isProven: false,
      period: { ...span, status },
    };
  }

  /** Listed digests between here and where the chain goes on: planted, or of another chain. */
  async *besideChain(previous: ListedDigest, visited: Set<string>): AsyncGenerator<ChainStep> {
    for (;;) {
      const beside = this.#listed.at(-1);
      if (!beside || beside.ends_at < previous.ends_at) return;
      this.#listed.pop();
      const place = `${beside.bucket}/${beside.key}`;
      if (
        visited.has(place) ||
        (beside.bucket === previous.bucket && beside.key === previous.key)
      ) {
        continue;
      }
      visited.add(place);
      if (beside.ends_at - hourMs >= this.#options.to) continue;
      const judged = await this.judge(beside, null);
      const isBelieved = judged.digest && judged.outcome !== 'invalid';
      if (isBelieved && judged.digest) yield this.step(beside, judged, periodOf(judged.digest));
      else yield* this.brokenSteps(beside, judged, previous);
    }
  }

  #verdict(
    at: { bucket: string; key: string },
    judged: JudgedDigest,
    period: { from: number; to: number } | null,
  ): DigestVerdict {
    const { digest } = judged;
    return {
      kind: 'digest',
      ...this.#options.name,
      status: judged.status,
      outcome: judged.outcome,
      bucket: at.bucket,
      key: at.key,
      reason: judged.reason,
      digest_from: period && isoOf(period.from),
      digest_to: period && isoOf(period.to),
      log_files: digest && period ? digest.logFiles.length : null,
      is_starting_digest: period !== null && digest !== null && !digest.previousDigestS3Object,
    };
  }
}

function placeOf(scope: RegionScope): string {
  return `${scope.bucket}/${digestFolder(scope)}`;
}

function byEnd(a: ListedDigest, b: ListedDigest): number {
  return a.ends_at - b.ends_at || (a.key < b.key ? -1 : 1);
}

function periodOf(digest: Digest): { from: number; to: number } {
  return { from: Date.parse(digest.digestStartTime), to: Date.parse(digest.digestEndTime) };
}

/** A false digest's link is followed by no one, but the signature in it may still prove an older one. */
function linkOf({ digest, isProven }: JudgedDigest): DigestLink | null {
  if (!digest?.previousDigestS3Bucket || !digest.previousDigestS3Object) return null;
  return {
    bucket: digest.previousDigestS3Bucket,
    key: digest.previousDigestS3Object,
    signature: digest.previousDigestSignature,
    sha256: isProven ? (digest.previousDigestHashValue ?? null) : null,
  };
}

/** ISO instant to the second, as CloudTrail writes it. */
export function isoOf(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}
