import { ApiProblem, getJson } from './api-client.ts';
import { h, replace } from './dom.ts';
import { remember } from './state.ts';

interface EventAnswer {
  event: Record<string, unknown>;
}

interface RawAnswer {
  location: string;
  record: unknown;
}

export interface EventPlace {
  event_id?: string;
  object_id?: string;
  record_index?: number;
}

const body = h('div', { class: 'drawer-body' });
const dialog = h(
  'dialog',
  { class: 'drawer', 'aria-label': 'Event', onclose: () => remember({ event: undefined }) },
  h('button', { type: 'button', class: 'close', onclick: () => dialog.close() }, 'Close'),
  body,
);

/** Shows an event: what the database holds of it, and the record as the trail delivered it. */
export async function showEvent(place: EventPlace): Promise<void> {
  if (!dialog.isConnected) document.body.append(dialog);
  replace(body, h('p', { role: 'status' }, 'Fetching the event…'));
  if (!dialog.open) dialog.showModal();
  // The address of an open event can be sent to a colleague.
  if (place.event_id !== undefined) remember({ event: place.event_id });
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(place)) search.set(name, String(value));
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
  } else parts.push(h('h2', {}, 'Event'), refusal(event.reason));
  parts.push(h('h2', {}, 'Raw record'));
  if (record.status === 'fulfilled') {
    const text = JSON.stringify(record.value.record, null, 2);
    parts.push(
      h('p', { class: 'muted' }, record.value.location),
      h('pre', { tabindex: '0' }, text),
    );
  } else parts.push(refusal(record.reason));
  replace(body, ...parts);
}

function refusal(reason: unknown): HTMLElement {
  const why = reason instanceof ApiProblem ? `${reason.message}: ${reason.fix}` : String(reason);
  return h('p', { class: 'muted' }, why);
}
