import type { ChainStep, ListedDigest } from './digest-chain.ts';
import { isoOf, walkChain } from './digest-chain.ts';
import type { DigestLogFile } from './digest-file.ts';
import type { ChainKind, RegionScope } from './digest-key.ts';
import { inOrder } from './in-order.ts';
import { checkLogFile } from './log-check.ts';
import type {
  ChainName,
  DigestVerdict,
  HourStatus,
  HourVerdict,
  LogVerdict,
  Outcome,
  Verdict,
} from './verdict.ts';
import { fileOutcome, hourOutcome, worse } from './verdict.ts';
import type { VerifyOptions } from './verify-options.ts';

const concurrencyDefault = 16;

export interface Period {
  from: number;
  to: number;
}

/** What the trails of one account and Region have told so far. */
export interface TrailProgress {
  /** `bucket/key` of every file that a believable digest names. */
  listedFiles: Set<string>;
  periods: Period[];
}

export interface Trail {
  scope: RegionScope;
  /** `name_homeRegion`. */
  trail: string;
  digests: readonly ListedDigest[];
  listElsewhere(scope: RegionScope): Promise<ListedDigest[]>;
  progress: TrailProgress;
}

/** Verifies the standard and the backfill chain of one trail, each by itself. */
export async function* verifyTrail(trail: Trail, options: VerifyOptions): AsyncGenerator<Verdict> {
  const periods: Period[] = [];
  for (const chain of ['standard', 'backfill'] as const) {
    for await (const verdict of verifyChain(trail, chain, options)) {
      yield verdict;
      if (verdict.kind !== 'hour') continue;
      periods.push({ from: Date.parse(verdict.hour_from), to: Date.parse(verdict.hour_to) });
    }
  }
  trail.progress.periods.push(...periods);
  if (periods.length === 0) return;
  const from = options.from ?? periods.reduce((least, { from }) => Math.min(least, from), Infinity);
  const to = options.to ?? periods.reduce((most, { to }) => Math.max(most, to), -Infinity);
  const name = nameOf(trail, 'standard');
  for (const hole of holes(periods, from, to)) {
    yield hourOf(name, hole, 'no_digest', 0, '');
  }
}

type Task =
  | { task: 'begin'; step: ChainStep }
  | { task: 'file'; step: ChainStep; file: DigestLogFile }
  | { task: 'end'; step: ChainStep };

async function* verifyChain(
  trail: Trail,
  chain: ChainKind,
  options: VerifyOptions,
): AsyncGenerator<Verdict> {
  const listed = trail.digests.filter((digest) => digest.kind === chain);
  if (listed.length === 0) return;
  const name = nameOf(trail, chain);
  const ends = listed.map((digest) => digest.ends_at);
  const steps = walkChain({
    store: options.store,
    publicKeys: options.publicKeys,
    name,
    scope: trail.scope,
    listed,
    listElsewhere: async (scope) => {
      const elsewhere = await trail.listElsewhere(scope);
      return elsewhere.filter((digest) => digest.kind === chain);
    },
    // Without a range, what is listed is the range: the oldest digest's predecessor is not missed.
    from: options.from ?? ends.reduce((a, b) => Math.min(a, b)) - 1,
    to: options.to ?? ends.reduce((a, b) => Math.max(a, b)) + 1,
  });
  let worst: Outcome = 'valid';
  let oldest: ChainStep | null = null;
  const work = (task: Task) => verdictOf(name, task, options);
  for await (const [task, verdict] of inOrder(
    tasksOf(steps),
    options.concurrency ?? concurrencyDefault,
    work,
  )) {
    if (task.task === 'begin') worst = 'valid';
    oldest = task.step;
    if (task.task === 'file') {
      trail.progress.listedFiles.add(`${task.file.s3Bucket}/${task.file.s3Object}`);
    }
    if (verdict) {
      worst = worse(worst, verdict.outcome);
      yield verdict;
    } else {
      const { period, verdict: digest, logFiles } = task.step;
      const status = worst === 'valid' ? period.status : worstStatus(worst);
      yield hourOf(name, period, status, logFiles.length, digest.key);
    }
  }
  if (options.from === undefined && oldest?.unlisted) yield predecessorOf(name, oldest.unlisted);
}

/** The verdict on the digest before the oldest: its chain began earlier than what is here. */
function predecessorOf(
  name: ChainName,
  { bucket, key, ends_before }: NonNullable<ChainStep['unlisted']>,
): DigestVerdict {
  return {
    kind: 'digest',
    ...name,
    status: 'not_verifiable',
    outcome: 'not_verifiable',
    bucket,
    key,
    reason: `the oldest digest names it as the one before, and it is not there: deleted or expired; evidence before ${isoOf(ends_before)} cannot be proven`,
    digest_from: null,
    digest_to: null,
    log_files: null,
    is_starting_digest: false,
  };
}

async function* tasksOf(steps: AsyncIterable<ChainStep>): AsyncGenerator<Task> {
  for await (const step of steps) {
    yield { task: 'begin', step };
    for (const file of step.logFiles) yield { task: 'file', step, file };
    yield { task: 'end', step };
  }
}

async function verdictOf(
  name: ChainName,
  task: Task,
  options: VerifyOptions,
): Promise<[Task, Verdict | null]> {
  if (task.task === 'begin') return [task, task.step.verdict];
  if (task.task === 'end') return [task, null];
  const { file, step } = task;
  const found = await checkLogFile(options.store, file, options.knownHashes);
  const isUnproven = found.status === 'valid' && !step.isProven;
  const status = isUnproven ? 'not_verifiable' : found.status;
  const verdict: LogVerdict = {
    kind: 'log',
    ...name,
    status,
    outcome: fileOutcome(status),
    bucket: file.s3Bucket,
    key: file.s3Object,
    reason: isUnproven ? 'it is what its digest says, but the digest is not proven' : found.reason,
    digest_key: step.verdict.key,
    sha256: found.sha256,
    from_ledger: found.from_ledger,
  };
  return [task, verdict];
}

function nameOf({ scope, trail }: Trail, chain: ChainKind): ChainName {
  return { account_id: scope.account_id, region: scope.region, trail, chain };
}

function worstStatus(outcome: Exclude<Outcome, 'valid'>): HourStatus {
  return outcome === 'invalid' ? 'broken' : 'not_verifiable';
}

function hourOf(
  name: ChainName,
  period: Period,
  status: HourStatus,
  logFiles: number,
  digestKey: string,
): HourVerdict {
  return {
    kind: 'hour',
    ...name,
    hour_from: isoOf(period.from),
    hour_to: isoOf(period.to),
    status,
    outcome: hourOutcome(status),
    log_files: logFiles,
    digest_key: digestKey,
  };
}

/** What of [from, to) no period covers. */
export function holes(periods: readonly Period[], from: number, to: number): Period[] {
  const found: Period[] = [];
  let at = from;
  for (const period of periods.toSorted((a, b) => a.from - b.from)) {
    if (period.from > at) found.push({ from: at, to: Math.min(period.from, to) });
    at = Math.max(at, period.to);
    if (at >= to) break;
  }
  if (at < to) found.push({ from: at, to });
  return found.filter((hole) => hole.from < hole.to);
}
