import { commandLine as lineOf } from '../../core/command-line.ts';
import { analysisInfo, runAny, type Answer, type Params, type Waiting } from './api-client.ts';
import { filterNames, state, type FilterName } from './state.ts';

export interface PanelParams {
  params: Params;
  /** Filters of the page that this analysis cannot take: its numbers are not narrowed by them. */
  ignored: FilterName[];
  /** What the analysis needs and nobody gave, in words. */
  missing: string[];
}

/** The page's range and filters as far as an analysis takes them, with the panel's own on top. */
export function panelParams(name: string, own: Params = {}): PanelParams {
  const info = analysisInfo(name);
  const properties = info?.params.properties ?? {};
  const { from, to, filters } = state();
  const params: Record<string, string | undefined> = {};
  const ignored: FilterName[] = [];
  if ('from' in properties && from) params['from'] = from;
  if ('to' in properties && to) params['to'] = to;
  for (const filter of filterNames) {
    const value = filters[filter];
    if (value === undefined) continue;
    if (filter in properties) params[filter] = value;
    else ignored.push(filter);
  }
  for (const [key, value] of Object.entries(own)) {
    if (key in properties && value !== undefined && value !== '') params[key] = value;
  }
  // A need names the parameters that meet it; one of them is enough to ask the server.
  const given = Object.keys(params);
  const missing = (info?.needs ?? []).filter(
    (need) => !given.some((param) => need.split(/[^a-z_]+/).includes(param)),
  );
  return { params, ignored, missing };
}

/** Runs an analysis with the page's range and filters. */
export function ask(name: string, own: Params = {}, waiting?: Waiting): Promise<Answer> {
  return runAny(name, panelParams(name, own).params, undefined, waiting);
}

let files: Params = {};

/** Takes the flags of the server: the database and the files beside it. */
export const setFiles = (flags: Params): void => {
  files = flags;
};

export const commandLine = (words: readonly string[], params: Params): string =>
  lineOf(words, params, files);

/** The command that gives the same rows as an analysis with these parameters. */
export const analysisCommand = (name: string, params: Params): string =>
  commandLine(['run', name], params);
