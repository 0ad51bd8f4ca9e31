import type { Analyses, AnalysisName } from './generated/api-types.ts';

/** JSON Schema of a column or a parameter, as far as the pages read it. */
export interface FieldSchema {
  type?: string | string[];
  anyOf?: FieldSchema[];
  description?: string;
  unit?: string;
  /** Display title of a column, without its unit. */
  title?: string;
  enum?: string[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  examples?: unknown[];
}

export interface AnalysisInfo {
  name: string;
  topic: string;
  title: string;
  question: string;
  audience: string[];
  caveats: string[];
  example: Record<string, string>;
  /** Columns that a table shows first, the most important first. */
  headline: string[];
  /** What must be given before it can run; empty for most. */
  needs: string[];
  params: { properties?: Record<string, FieldSchema>; required?: string[] };
  row: { properties: Record<string, FieldSchema> };
}

export type Row = Record<string, unknown>;

export interface Answer<R = Row> {
  analysis: string;
  rows: R[];
  notes: string[];
  truncated: boolean;
  params: Record<string, unknown>;
  data_version: string;
}

/** An RFC 9457 problem, or a server that cannot be reached. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly fix: string;
  readonly requestId: string;
  /** The last part of the problem's type, such as `deadline_exceeded`. */
  readonly code: string;

  constructor(status: number, message: string, fix: string, requestId = '', code = '') {
    super(message);
    this.status = status;
    this.fix = fix;
    this.requestId = requestId;
    this.code = code;
  }
}

const tokenName = 'keymeter-token';

/** A token arrives in the fragment (never sent to a server) and stays for the tab's life. */
export function takeToken(): void {
  const match = /^#token=([A-Za-z0-9_-]+)$/.exec(location.hash);
  if (!match) return;
  setToken(match[1]!);
  history.replaceState(null, '', location.pathname + location.search);
}

export const setToken = (token: string): void => sessionStorage.setItem(tokenName, token);

export async function get(path: string, signal?: AbortSignal, body?: unknown): Promise<Response> {
  const token = sessionStorage.getItem(tokenName);
  let response: Response;
  try {
    response = await fetch(path, {
      headers: {
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      signal: signal ?? null,
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiProblem(0, 'the server does not answer', 'start it again with `keymeter serve`');
  }
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  throw new ApiProblem(
    response.status,
    String(problem['detail'] ?? `the server answered ${response.status}`),
    String(problem['fix'] ?? 'reload the page'),
    String(problem['request_id'] ?? ''),
    String(problem['type'] ?? '')
      .split(':')
      .at(-1),
  );
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await get(path, signal)).json()) as T;
}

/** Sends a change and gives the answer. */
export async function postJson<T>(path: string, body: unknown): Promise<T> {
  return (await (await get(path, undefined, body)).json()) as T;
}

export type Params = Readonly<Record<string, string | undefined>>;

export function analysisPath(name: string, params: Params): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value !== undefined && value !== '') search.set(key, value);
  }
  const query = search.toString();
  return `/api/v1/analyses/${name}${query ? `?${query}` : ''}`;
}

const poll_ms = 1_000;

/** What the server says of an answer that it still computes. */
interface JobStatus {
  id: string;
  state: 'queued' | 'running' | 'done' | 'failed';
  /** 0 to 1; 0 while it is not known. */
  progress: number;
  seconds_left: number | null;
  seconds: number;
  error: { code: string; detail: string; fix: string } | null;
}

/** Hears at each poll what share is done, where that is known; false from it ends the asking. */
export type Waiting = (progress?: number) => boolean;

/**
 * An answer. While the server computes it (202), the job is polled and `waiting` hears of it. A job that
 * somebody else cancelled is asked for once more.
 */
async function getAnswer<T>(
  path: string,
  signal?: AbortSignal,
  waiting: Waiting = () => true,
): Promise<T> {
  for (;;) {
    const response = await get(path, signal);
    if (response.status !== 202) return (await response.json()) as T;
    let { job } = (await response.json()) as { job: JobStatus };
    while (job.state === 'queued' || job.state === 'running') {
      if (!waiting(job.progress > 0 ? job.progress : undefined))
        throw new ApiProblem(202, 'the answer is no longer wanted', 'ask again');
      await new Promise((resolve) => setTimeout(resolve, poll_ms));
      signal?.throwIfAborted();
      ({ job } = await getJson<{ job: JobStatus }>(`/api/v1/jobs/${job.id}`, signal));
    }
    if (job.error && job.error.code !== 'job_cancelled') {
      throw new ApiProblem(504, job.error.detail, job.error.fix, '', job.error.code);
    }
  }
}

/** Runs an analysis; rows have the types that the registry's schemas name. */
export function run<N extends AnalysisName>(
  name: N,
  params: { [K in keyof Analyses[N]['params']]?: string | undefined },
  signal?: AbortSignal,
): Promise<Answer<Analyses[N]['row']>> {
  return getAnswer(analysisPath(name, params as Params), signal);
}

/** The same for a name that is only known at run time. */
export function runAny(
  name: string,
  params: Params,
  signal?: AbortSignal,
  waiting?: Waiting,
): Promise<Answer> {
  return getAnswer(analysisPath(name, params), signal, waiting);
}

let registry: ReadonlyMap<string, AnalysisInfo> = new Map();

/** What the server can answer; pages hide panels of what is not in it. */
export const analysisInfo = (name: string): AnalysisInfo | undefined => registry.get(name);
export const allAnalyses = (): AnalysisInfo[] => [...registry.values()];

export async function loadRegistry(): Promise<void> {
  const { analyses } = await getJson<{ analyses: AnalysisInfo[] }>('/api/v1/analyses');
  registry = new Map(analyses.map((analysis) => [analysis.name, analysis]));
}
