import type { Config } from '../core/config.ts';
import type { Engine } from '../store/engine.ts';

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
  /** A query is interrupted after this many milliseconds. */
  deadline_ms?: number | undefined;
  log?: ApiLog | undefined;
  /** Work that nobody waits for; closing does, because the database must outlive it. */
  background?: Set<Promise<void>> | undefined;
  /** Ends event streams when the server closes. */
  closing?: AbortSignal | undefined;
}

export interface ApiEnv {
  Variables: { requestId: string };
}

const deadline_ms_default = 5_000;
/** The ingest has the processors and its commits go first: clients wait this much longer. */
const ingest_deadline_factor = 3;

export const isIngesting = (options: ApiOptions): boolean =>
  options.ingestStatus?.().state === 'running';

/** A request that comes now is answered within this many milliseconds or not at all. */
export function deadlineOf(options: ApiOptions): number {
  const deadline_ms = options.deadline_ms ?? deadline_ms_default;
  return isIngesting(options) ? deadline_ms * ingest_deadline_factor : deadline_ms;
}

/** The flags with which a command gives the same answers as this server. */
export function commandFiles({ database, files = {} }: ApiOptions): Record<string, string> {
  if ('engine' in files || database === undefined) return { ...files };
  return { db: database, ...files };
}
