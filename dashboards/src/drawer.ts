import { ApiProblem, getJson } from './api-client.ts';
import { h, replace } from './dom.ts';

interface EventAnswer {
  event: Record<string, unknown>;
}

interface RawAnswer {
  location: string;
  record: unknown;
}

const body = h('div', { class: 'drawer-body' });
const dialog = h(
  'dialog',
  { class: 'drawer', 'aria-label': 'Event' },
  h('button', { type: 'button', class: 'close', onclick: () => dialog.close() }, 'Close'),
  body,
);

/** Shows an event: what the database holds of it, and the record as the trail delivered it. */
export async function showEvent(
  event_id?: string,
  object_id?: string,
  record_index?: number,
): Promise<void> {
  if (!dialog.isConnected) document.body.append(dialog);
  replace(body, h('p', {}, 'Fetching the event…'));
  if (!dialog.open) dialog.showModal();
  const search = new URLSearchParams();
  if (event_id !== undefined) search.set('event_id', event_id);
  if (object_id !== undefined) search.set('object_id', object_id);
  if (record_index !== undefined) search.set('record_index', String(record_index));
  const stored = getJson<EventAnswer>(`/api/v1/event?${search}`);
  const raw = getJson<RawAnswer>(`/api/v1/raw?${search}`);
  const [event, record] = await Promise.allSettled([stored, raw]);
  const parts: Node[] = [];
  if (event.status === 'fulfilled') {
    const fields = Object.entries(event.value.event).filter(([, value]) => value !== null);
    const list = fields.flatMap(([name, value]) => [
      h('dt', {}, name),
      h('dd', {}, typeof value === 'string' ? value : JSON.stringify(value)),
    ]);
    parts.push(h('h2', {}, 'Stored event'), h('dl', {}, ...list));
  }
  parts.push(h('h2', {}, 'Raw record'));
  if (record.status === 'fulfilled') {
    const text = JSON.stringify(record.value.record, null, 2);
    parts.push(
      h('p', { class: 'muted' }, record.value.location),
      h('pre', { tabindex: '0' }, text),
    );
  } else {
    const reason: unknown = record.reason;
    const why = reason instanceof ApiProblem ? `${reason.message}: ${reason.fix}` : String(reason);
    parts.push(h('p', { class: 'muted' }, why));
  }
  replace(body, ...parts);
}
