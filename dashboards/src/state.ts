/** Filters that live in the URL; each narrows every panel whose analysis takes it. */
export const filterNames = [
  'account',
  'region',
  'key',
  'principal',
  'service',
  'operation',
  'bucket',
] as const;

export type FilterName = (typeof filterNames)[number];

export interface State {
  path: string;
  /** ISO instants or relative text such as `7d`; empty: all data. */
  from: string;
  to: string;
  zone: 'utc' | 'local';
  filters: Partial<Record<FilterName, string>>;
  /** What a page selects beside the filters: cursor second, quota, analysis and its parameters. */
  selection: Record<string, string>;
}

let current: State = read();
const listeners = new Set<(state: State, before: State) => void>();

export const state = (): State => current;

/** Runs on every change of the URL's state. */
export function onState(listener: (state: State, before: State) => void): void {
  listeners.add(listener);
}

function read(): State {
  const url = new URL(location.href);
  const filters: State['filters'] = {};
  const selection: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    if ((filterNames as readonly string[]).includes(name)) filters[name as FilterName] = value;
    else if (!['from', 'to', 'zone'].includes(name)) selection[name] = value;
  }
  return {
    path: url.pathname,
    from: url.searchParams.get('from') ?? '',
    to: url.searchParams.get('to') ?? '',
    zone: url.searchParams.get('zone') === 'local' ? 'local' : 'utc',
    filters,
    selection,
  };
}

export interface Change {
  path?: string;
  from?: string;
  to?: string;
  zone?: State['zone'];
  filters?: Partial<Record<FilterName, string | undefined>>;
  selection?: Record<string, string | undefined>;
}

/** The address of this state with a change; going to another page drops the page's selection. */
export function addressOf(change: Change): string {
  const path = change.path ?? current.path;
  const search = new URLSearchParams();
  const put = (name: string, value: string | undefined) => {
    if (value !== undefined && value !== '') search.set(name, value);
  };
  put('from', change.from ?? current.from);
  put('to', change.to ?? current.to);
  const zone = change.zone ?? current.zone;
  put('zone', zone === 'utc' ? undefined : zone);
  const filters: Record<string, string | undefined> = { ...current.filters, ...change.filters };
  for (const name of filterNames) put(name, filters[name]);
  const kept = path === current.path ? current.selection : {};
  for (const [name, value] of Object.entries({ ...kept, ...change.selection })) put(name, value);
  const query = search.toString();
  return query ? `${path}?${query}` : path;
}

/** Goes to a changed state; `replace` for what should not be a step of its own in the history. */
export function go(change: Change, how: 'push' | 'replace' = 'push'): void {
  visit(addressOf(change), how);
}

export function visit(address: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', address);
  else history.replaceState(null, '', address);
  changed();
}

function changed(): void {
  const before = current;
  current = read();
  for (const listener of listeners) listener(current, before);
}

addEventListener('popstate', changed);

/** Puts a selection into the URL without redrawing the page: for controls that redraw their own part. */
export function remember(selection: Record<string, string | undefined>): void {
  history.replaceState(null, '', addressOf({ selection }));
  current = read();
}
