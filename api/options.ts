import type { Config } from '../core/config.ts';
import type { Engine } from '../store/engine.ts';
import type { Format } from './negotiate.ts';

/** What a running or finished ingest says of itself; snake_case as everywhere in JSON. */
export interface IngestStatus {
  state: 'idle' | 'running' | 'done' | 'failed';
  run_id?: string | null;
  source?: string | null;
  started_at?: string | null;
  finished_at?: string | null;
  objects_total?: number | null;
  objects_done?: number | null;
  records_total?: number | null;
  inserted?: number | null;
  duplicate?: number | null;
  rejected?: number | null;
  message?: string | null;
}

/** Fetches the record at a position of a ledger object again, as the trail delivered it. */
export type RawRecordReader = (
  object_id: string,
  record_index: number,
  signal: AbortSignal,
) => Promise<RawRecord>;

export interface RawRecord {
  /** Where it was read: `s3://bucket/key` or a path. */
  location: string;
  record: unknown;
}

/** A line for the server's log; the fields hold no client input beyond the path. */
export type ApiLog = (message: string, fields: Record<string, unknown>) => void;

export interface ApiOptions {
  engine: Engine;
  config: Config;
  /** `host:port` values that a request may name as its Host; filled in when the port is known. */
  allowedHosts: ReadonlySet<string>;
  /** Needed for /api, /openapi.json and /metrics when given. */
  token?: string | undefined;
  /** Directory of the built web app; without it only the API is served. */
  dashboards?: string | undefined;
  ingestStatus?: (() => IngestStatus) | undefined;
  rawRecord?: RawRecordReader | undefined;
  /** The database as commands name it (`--db`), so that pages can show the command for a table. */
  database?: string | undefined;
  /** Other files that answers rest on, by their flag: config, prices, inventory, billing, names. */
  files?: Readonly<Record<string, string>> | undefined;
  /** Where decisions about findings are kept; without it none can be made. */
  decisionsFile?: string | undefined;
  /** An answer that takes longer than this many milliseconds is given up. */
  deadline_ms?: number | undefined;
  /** A request for an answer waits for it this many milliseconds; then it is given the job. */
  wait_ms?: number | undefined;
  /** Where answers that took long are kept; without it they are kept in memory only. */
  answersFolder?: string | undefined;
  log?: ApiLog | undefined;
  /** Work that nobody waits for; closing does, because the database must outlive it. */
  background?: Set<Promise<void>> | undefined;
  /** Ends event streams when the server closes. */
  closing?: AbortSignal | undefined;
}

export interface ApiEnv {
  Variables: { requestId: string };
}

/** Answers over very much data are minutes of replays; whoever asked may have gone long before. */
const answer_deadline_ms = 900_000;
const wait_ms_default = 1_000;
/** Proxies give up a silent request after about a minute. */
const wait_ms_max = 50_000;
/** Looking up an event or a page of the ledger. */
const lookup_deadline_ms = 15_000;

export const isIngesting = (options: ApiOptions): boolean =>
  options.ingestStatus?.().state === 'running';

/** An analysis is answered within this many milliseconds or not at all. */
export const answerDeadlineOf = ({ deadline_ms }: ApiOptions): number =>
  deadline_ms ?? answer_deadline_ms;

/**
 * How long a request waits for its answer before it is given the job: about a second, longer for a file
 * (who saves a table cannot poll), or as long as the header `Prefer: wait=SECONDS` says (RFC 7240).
 */
export function waitOf(options: ApiOptions, format: Format, prefer: string | undefined): number {
  const wanted = /(?:^|[,;\s])wait=(\d{1,3})(?:$|[,;\s])/.exec(prefer ?? '')?.[1];
  if (wanted !== undefined) return Math.min(Number(wanted) * 1_000, wait_ms_max);
  return options.wait_ms ?? (format === 'json' ? wait_ms_default : wait_ms_max);
}

/** The flags with which a command gives the same answers as this server. */
export function commandFiles({ database, files = {} }: ApiOptions): Record<string, string> {
  if ('engine' in files || database === undefined) return { ...files };
  return { db: database, ...files };
}

/** Lookups are answered within this many milliseconds or not at all. */
export const lookupDeadlineOf = ({ deadline_ms }: ApiOptions): number =>
  Math.min(lookup_deadline_ms, deadline_ms ?? lookup_deadline_ms);
