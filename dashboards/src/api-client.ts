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
  /** The last part of the problem's type, such as `answer_in_preparation`. */
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

const retry_ms = 1_000;
/** Each try waits for the server's deadline too: some minutes in all. */
const tries_max = 60;

/**
 * An answer, asked for again for as long as the server says that it is being computed. `waiting` hears
 * of each such turn; false from it ends the asking.
 */
async function getAnswer<T>(
  path: string,
  signal?: AbortSignal,
  waiting: () => boolean = () => true,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await getJson<T>(path, signal);
    } catch (error) {
      const inPreparation = error instanceof ApiProblem && error.code === 'answer_in_preparation';
      if (!inPreparation || tries >= tries_max || !waiting()) throw error;
      await new Promise((resolve) => setTimeout(resolve, retry_ms));
      signal?.throwIfAborted();
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
  waiting?: () => boolean,
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
