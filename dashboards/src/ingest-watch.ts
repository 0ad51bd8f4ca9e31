import { getJson } from './api-client.ts';

export interface IngestState {
  state: string;
  data_version: string;
  run_id?: string | null;
  source?: string | null;
  started_at?: string | null;
  objects_total?: number | null;
  objects_done?: number | null;
  records_total?: number | null;
  inserted?: number | null;
  duplicate?: number | null;
  rejected?: number | null;
  message?: string | null;
}

let latest: IngestState | undefined;
const listeners = new Set<(state: IngestState) => void>();

/** Runs on each change, until the element that shows it is gone. */
export function onIngest(element: Element, listener: (state: IngestState) => void): void {
  const guarded = (state: IngestState) => {
    if (element.isConnected) listener(state);
    else listeners.delete(guarded);
  };
  listeners.add(guarded);
  if (latest) listener(latest);
}

const poll_ms = 5_000;
const refresh_ms = 10_000;

/**
 * Follows a running ingest by server-sent events, or by asking where a token is needed (EventSource
 * cannot send one). `newData` runs when the data has changed, at most every ten seconds.
 */
export function watchIngest(newData: () => void): void {
  let refreshed_at = Date.now();
  const take = (state: IngestState) => {
    const changed = latest !== undefined && latest.data_version !== state.data_version;
    latest = state;
    for (const listener of listeners) listener(state);
    if (changed && (state.state !== 'running' || Date.now() - refreshed_at > refresh_ms)) {
      refreshed_at = Date.now();
      newData();
    }
  };
  const ask = () => getJson<IngestState>('/api/v1/ingest/status').then(take, () => undefined);
  if (sessionStorage.getItem('keymeter-token') !== null) {
    void ask();
    setInterval(() => void ask(), poll_ms);
    return;
  }
  const events = new EventSource('/api/v1/ingest/events');
  events.addEventListener('status', (event) => take(JSON.parse(String(event.data)) as IngestState));
}
