import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { KeymeterError, exitCodes, messageOf } from '../core/errors.ts';
import { parseInstant } from '../core/time.ts';
import { ObjectError } from '../ingest/sources/source.ts';
import { addressOf } from '../ingest/sources/address.ts';
import type { DigestStore } from '../verify/digest-store.ts';
import { localDigestStore } from '../verify/local-digest-store.ts';
import type { KnownHashes } from '../verify/log-check.ts';
import { inferPathMap, parsePathMap } from '../verify/path-map.ts';
import {
  publicKeysFromCloudTrail,
  publicKeysFromFile,
  savePublicKeys,
} from '../verify/public-keys.ts';
import { SummaryCounter, exitCodeOf } from '../verify/summary.ts';
import { verifySource } from '../verify/verify-source.ts';
import { openDatabase } from '../store/database.ts';
import { engineOver } from '../store/open-engine.ts';
import { VerifiedHours } from '../store/verified-hours.ts';
import { ledgerHashes } from './verify-ledger.ts';
import type { VerifyFormat } from './verify-output.ts';
import { verifyFormats, verifyOutput } from './verify-output.ts';
import { VerdictRecord, type VerifiedRange } from './verify-record.ts';

interface VerifyFlags {
  from?: string;
  to?: string;
  account?: string[];
  region?: string[];
  keys?: string;
  saveKeys?: string;
  pathMap?: string[];
  s3Region?: string;
  endpoint?: string;
  pathStyle?: boolean;
  anonymous?: boolean;
  profile?: string;
  verbose?: boolean;
  db?: string;
  format: VerifyFormat;
}

/** What the command needs of its surroundings, so that tests and the database can give it. */
export interface VerifySurroundings {
  write(text: string): void | Promise<void>;
  now(): Date;
  /** Hashes of the ledger for a store, when there is a database. */
  knownHashes?: (store: DigestStore) => KnownHashes;
  /** Where verdicts on digest periods are kept, when there is a database. */
  record?: (range: VerifiedRange) => VerdictRecord;
  setExitCode(code: number): void;
}

const standard: VerifySurroundings = {
  // Waits until a slow reader has taken the text, so that a long run does not pile up in memory.
  write: (text) =>
    new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
    }),
  now: () => new Date(),
  setExitCode: (code) => {
    process.exitCode = code;
  },
};

const collect = (value: string, all: string[] = []) => [...all, value];

/** `keymeter verify`: exit code 0 all valid, 1 something invalid, 2 usage, 4 not all verifiable. */
export function verifyCommand(surroundings: Partial<VerifySurroundings> = {}): Command {
  const here = { ...standard, ...surroundings };
  return new Command('verify')
    .argument('<source>', 's3://bucket/prefix, or a directory with a copy of it')
    .option('--from <instant>', 'ISO 8601 or relative (7d); without it: from the oldest digest')
    .option('--to <instant>', 'exclusive; without it: to the newest digest')
    .option('--account <id...>', 'only these accounts')
    .option('--region <region...>', 'only these Regions')
    .option(
      '--keys <file>',
      'public keys saved from list-public-keys: no AWS call is made for keys',
    )
    .option('--save-keys <file>', 'save the public keys that were used')
    .option('--path-map <map>', 's3://bucket/prefix=directory (may be repeated)', collect)
    .option('--s3-region <region>', "the bucket's Region")
    .option('--endpoint <url>', 'S3 endpoint, for S3-compatible servers')
    .option('--path-style', 'address buckets by path')
    .option('--anonymous', 'read a public bucket without credentials')
    .option('--profile <name>', 'profile of the AWS configuration')
    .option('--verbose', 'table: show what is valid too')
    .option(
      '--db <file>',
      'keep the verdict of each hour in this database, and take hashes of unchanged files from it',
    )
    .addOption(new Option('--format <format>').choices(verifyFormats).default('table'))
    .addHelpText(
      'after',
      `
Examples:
  keymeter verify s3://my-trail-bucket --from 2026-03-01 --to 2026-03-02
  keymeter verify s3://my-trail-bucket --db keymeter.duckdb
  keymeter verify ./copy-of-the-bucket --keys keys.json --format json`,
    )
    .action((source: string, flags: VerifyFlags) => withDatabase(source, flags, here));
}

/** Runs with a database when one is named: its ledger gives hashes, and it keeps the hours' verdicts. */
async function withDatabase(
  source: string,
  flags: VerifyFlags,
  here: VerifySurroundings,
): Promise<void> {
  if (flags.db === undefined) return run(source, flags, here);
  const database = await openDatabase(flags.db, { create: false });
  const engine = engineOver(database);
  const verify_run = { run_id: randomUUID(), verified_at: here.now() };
  const hours = await VerifiedHours.open(database, verify_run);
  try {
    await run(source, flags, {
      knownHashes: ledgerHashes(engine),
      record: (range) => new VerdictRecord(hours, range),
      ...here,
    });
  } finally {
    hours.close();
    engine.close();
    database.close();
  }
}

async function run(source: string, flags: VerifyFlags, here: VerifySurroundings): Promise<void> {
  const from = instantOf('--from', flags.from, here.now());
  const to = instantOf('--to', flags.to, here.now());
  if (from !== undefined && to !== undefined && from >= to) {
    throw usage('bad_range', `--from ${flags.from} is not before --to ${flags.to}`, 'Swap them');
  }
  const publicKeys = flags.keys
    ? await publicKeysFromFile(flags.keys)
    : publicKeysFromCloudTrail({ profile: flags.profile });
  const store = await storeOf(source, flags);
  const output = verifyOutput(flags.format, flags.verbose ?? false, (text) => here.write(text));
  const counter = new SummaryCounter();
  const record = here.record?.({ from, to });
  try {
    for await (const verdict of verifySource({
      store,
      publicKeys,
      from,
      to,
      accounts: flags.account,
      regions: flags.region,
      knownHashes: here.knownHashes?.(store),
    })) {
      counter.add(verdict);
      await record?.add(verdict);
      await output.verdict(verdict);
    }
    await record?.end();
  } catch (error) {
    if (!(error instanceof ObjectError)) throw error;
    throw new KeymeterError('source_unreadable', `${store.description}: ${messageOf(error)}`, {
      fix: 'Check the name, and the permission to list the bucket and to read its objects',
      cause: error,
    });
  } finally {
    store.close();
  }
  const summary = counter.finish();
  await output.end(summary);
  if (flags.saveKeys) await savePublicKeys(flags.saveKeys, publicKeys.known());
  here.setExitCode(exitCodeOf(summary));
}

async function storeOf(named: string, flags: VerifyFlags): Promise<DigestStore> {
  const address = addressOf(named);
  const source = address.kind === 'local' ? address.path : named;
  const s3 = address.kind === 's3' && /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(address.spec);
  if (s3) {
    // Loaded only when needed: the SDK takes a quarter of a second to load.
    const { resolveRegion } = await import('../ingest/sources/s3-client.ts');
    const { s3DigestStore } = await import('../verify/s3-digest-store.ts');
    const { s3Region, endpoint, pathStyle, anonymous, profile } = flags;
    const config = { region: s3Region, endpoint, pathStyle, anonymous, profile };
    const region = await resolveRegion(config, s3[1] ?? '');
    return s3DigestStore({ ...config, region, bucket: s3[1] ?? '', prefix: s3[2] ?? '' });
  }
  const isDirectory = await stat(source).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isDirectory) {
    throw usage(
      'source_not_found',
      `${source} is no directory`,
      'Name s3://bucket/prefix or a directory',
    );
  }
  if (flags.pathMap) return localDigestStore(flags.pathMap.map(parsePathMap));
  const inferred = await inferPathMap(source);
  if (!inferred) {
    throw usage(
      'path_map_needed',
      `${source} holds no digest that says which bucket it is a copy of`,
      'Copy the CloudTrail-Digest folders too, and name the bucket with --path-map s3://bucket/prefix=directory',
    );
  }
  return localDigestStore([inferred]);
}

function instantOf(option: string, text: string | undefined, now: Date): number | undefined {
  if (text === undefined) return undefined;
  const instant = parseInstant(text, now);
  if (instant) return instant.getTime();
  throw usage('bad_instant', `${option} ${text} is no instant`, 'Write 2026-03-01T00:00Z or 7d');
}

function usage(code: string, message: string, fix: string): KeymeterError {
  return new KeymeterError(code, message, { fix, exitCode: exitCodes.usage });
}
