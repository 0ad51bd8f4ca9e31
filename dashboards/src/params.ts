import { analysisInfo, type Params } from './api-client.ts';
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

let database = 'keymeter.duckdb';
export const setDatabase = (name: string): void => {
  database = name;
};

/** The command line that gives the same rows. */
export function commandLine(name: string, params: Params): string {
  const flags = Object.entries(params)
    .filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '')
    .map(([param, value]) => ` --${param.replaceAll('_', '-')} ${shellWord(value)}`);
  return `keymeter run ${name} --db ${shellWord(database)}${flags.join('')}`;
}

/** Quoted so that a shell takes it as one word, whatever a log's author put into it. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@=+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
