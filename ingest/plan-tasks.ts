import { messageOf } from '../core/errors.ts';
import type { ObjectStatus } from '../store/batch/event-batch.ts';
import {
  ledgerId,
  placeOf,
  readerVersion,
  type KnownObject,
  type LedgerObject,
} from '../store/ledger.ts';
import { noteFilteredName, noteSkippedName, noteUnread, type IngestSummary } from './summary.ts';
import { ListedPlaces } from './sources/listed-places.ts';
import type { ListedObject, ListFilter, Listing, Source } from './sources/source.ts';

/** Objects that one worker reads at a time, with their ledger entries. */
export interface PlannedTask {
  source: Source;
  listed: ListedObject[];
  ledger: LedgerObject[];
}

/** What the ledger holds of objects with these ids, by id. */
export type LookUp = (ids: readonly string[]) => Promise<Map<string, KnownObject>>;

/** A task is full at this many objects or compressed bytes, whichever comes first. */
const task_objects_max = 512;
const task_bytes_max = 4 * 1024 * 1024;
/** Listed objects that are looked up in the ledger at a time: few at first, so that readers can start. */
const page_objects = { first: 512, most: 8_192 };

const finished = new Set(['ok', 'empty']);

/**
 * Lists the sources and yields tasks of objects that the ledger does not hold yet. Dead objects are
 * tried again when the readers have changed since, or with `retryDead`. `underWay` takes the ids of what is
 * planned and must lose them when the ledger holds them: sources that overlap list an object twice, and the
 * second copy must not be read as if it were new. Memory is one page, one task, and these ids.
 */
export async function* planTasks(
  sources: readonly Source[],
  filter: ListFilter,
  lookUp: LookUp,
  summary: IngestSummary,
  options: { retryDead: boolean; signal: AbortSignal; underWay: Set<string> },
): AsyncGenerator<PlannedTask> {
  yield* inTurn(
    sources.map((source) => tasksOf(source, pages(source, filter, summary, options.signal))),
  );

  async function* tasksOf(
    source: Source,
    listing: AsyncGenerator<ListedObject[]>,
  ): AsyncGenerator<PlannedTask> {
    let task: PlannedTask = { source, listed: [], ledger: [] };
    let bytes = 0;
    for await (const page of listing) {
      for (const object of await unknownOnly(page, lookUp, summary, options)) {
        task.listed.push(object.listed);
        task.ledger.push(object.ledger);
        bytes += object.listed.size_bytes;
        if (task.listed.length >= task_objects_max || bytes >= task_bytes_max) {
          yield task;
          task = { source, listed: [], ledger: [] };
          bytes = 0;
        }
      }
    }
    if (task.listed.length > 0) yield task;
  }
}

/**
 * What all of them yield, each as soon as it has something, and none twice before another that is ready:
 * a source that never ends, or is slow, holds no other back. One value of each waits at most.
 */
async function* inTurn<T>(generators: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const pending = new Map(generators.map((one) => [one, one.next()]));
  try {
    while (pending.size > 0) {
      const [one, result] = await Promise.race(
        [...pending].map(async ([one, next]) => [one, await next] as const),
      );
      // Its turn comes again behind the others.
      pending.delete(one);
      if (result.done) continue;
      pending.set(one, one.next());
      yield result.value;
    }
  } finally {
    for (const [one, next] of pending) {
      next.catch(() => undefined);
      await one.return(undefined);
    }
  }
}

/** Pages of listed objects; problems and skipped names go into the summary. */
async function* pages(
  source: Source,
  filter: ListFilter,
  summary: IngestSummary,
  signal: AbortSignal,
): AsyncGenerator<ListedObject[]> {
  let page: ListedObject[] = [];
  let full: number = page_objects.first;
  const places = filter.accounts?.length || filter.regions?.length ? new ListedPlaces() : null;
  for await (const listing of listed(source, filter, signal)) {
    if ('key' in listing) places?.add(listing.key, summary);
    if ('problem' in listing) summary.problems.push(listing);
    else if ('skipped' in listing) noteSkippedName(summary, listing.skipped, listing.key);
    else if ('filtered' in listing) noteFilteredName(summary, listing.filtered, listing.key);
    else {
      summary.objects_listed++;
      page.push(listing);
      if (page.length >= full) {
        yield page;
        page = [];
        full = Math.min(2 * full, page_objects.most);
      }
    }
  }
  if (page.length > 0) yield page;
}

/** A listing that fails midway is a problem of its source; what it gave before stands. */
async function* listed(
  source: Source,
  filter: ListFilter,
  signal: AbortSignal,
): AsyncGenerator<Listing> {
  try {
    yield* source.list(filter, signal);
  } catch (error) {
    if (signal.aborted) return;
    yield { problem: 'failed', place: source.description, message: messageOf(error) };
  }
}

/**
 * What was gone and is listed again is there again; newer readers may read what older ones could not, or
 * skipped as something else.
 */
function isWorthAnotherTry(entry: KnownObject, retryDead: boolean): boolean {
  if (entry.status === 'gone') return true;
  if (finished.has(entry.status)) return false;
  return entry.reader_version < readerVersion || (retryDead && entry.status === 'dead');
}

async function unknownOnly(
  page: readonly ListedObject[],
  lookUp: LookUp,
  summary: IngestSummary,
  { retryDead, underWay }: { retryDead: boolean; underWay: Set<string> },
): Promise<{ listed: ListedObject; ledger: LedgerObject }[]> {
  const ids = page.map((object) => ledgerId(object));
  // Asked first: what is stored meanwhile is in the ledger by then.
  const planned = new Set(ids.filter((id) => underWay.has(id)));
  const known = await lookUp(ids);
  const fresh: { listed: ListedObject; ledger: LedgerObject }[] = [];
  page.forEach((listed, i) => {
    const object_id = ids[i]!;
    const entry = known.get(object_id);
    const retry = entry && isWorthAnotherTry(entry, retryDead);
    // Looked at once more: another source may have planned it while the ledger was asked.
    if ((entry && !retry) || planned.has(object_id) || underWay.has(object_id)) {
      summary.objects_known++;
      if (entry && !planned.has(object_id)) {
        const status = entry.status as ObjectStatus;
        noteUnread(summary, { ...entry, status, place: placeOf(listed) });
      }
      return;
    }
    planned.add(object_id);
    underWay.add(object_id);
    fresh.push({
      listed,
      ledger: {
        ...listed,
        object_id,
        attempts: entry?.attempts ?? 0,
        ...(entry ? { object_no: entry.object_no } : {}),
      },
    });
  });
  return fresh;
}
