import { setMaxListeners } from 'node:events';

import type { S3Client } from '@aws-sdk/client-s3';

import { BoundedQueue } from './bounded-queue.ts';
import { locate } from './log-path.ts';
import {
  foldersOf,
  isLandmark,
  judgeName,
  judgePath,
  leftOut,
  listingOf,
  type PathRules,
  type Verdict,
} from './plan.ts';
import { faultOf, faultsOfAll, toKeymeterError, toListProblem, type S3Fault } from './s3-errors.ts';
import { listPage, type ListPage, type Patience } from './s3-list.ts';
import type { Listing } from './source.ts';

export interface S3Walk {
  client: S3Client;
  bucket: string;
  /** Ends at a folder: empty, or with `/`. */
  prefix: string;
  rules: PathRules;
  patience: Patience;
  /** List requests at once. */
  concurrency: number;
}

/** How deep below the given prefix unknown folders are opened one by one in search of a layout. */
export const lookDepthMost = 3;
/** An unknown folder with more sub-folders than this, and no landmark, is listed through instead. */
export const lookFoldersMost = 50;
/** Pages (of 1,000 names) that wait for the reader of the listing. */
const pagesWaitingMost = 8;

/** Folders that fail one after the other before the whole listing counts as unreachable. */
const failedInARowMost = 10;

interface Folder {
  prefix: string;
  /** Levels of unknown folders above, from the given prefix on. */
  depth: number;
}

/**
 * Lists a prefix along the CloudTrail layout: level by level down to the days, so that digest folders,
 * other services, other accounts, Regions and days are never opened; then all keys of each day. Folders
 * are taken from a stack, deepest first, which bounds what waits to (levels x names of one level x
 * requests at once), whatever the size of the bucket.
 */
export async function* walkS3(walk: S3Walk, signal: AbortSignal): AsyncGenerator<Listing, void> {
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  setMaxListeners(0, stopped); // One for each request under way: many are no leak.
  const pages = new BoundedQueue<Listing[]>(pagesWaitingMost);
  const stack: Folder[] = [{ prefix: walk.prefix, depth: 0 }];
  let busy = 0;
  let failedInARow = 0;

  const work = async (folder: Folder): Promise<void> => {
    try {
      await listFolder(walk, folder, pages, stack, stopped);
      failedInARow = 0;
    } catch (error) {
      const fault = faultOf(error, stopped);
      const problem = toListProblem(error, fault, `s3://${walk.bucket}/${folder.prefix}`);
      if (problem.problem === 'failed') failedInARow += 1;
      if (fault === 'aborted') pages.fail(stopped.reason);
      else if (concernsAll(fault) || failedInARow >= failedInARowMost) {
        pages.fail(toKeymeterError(error, fault, walk.bucket));
        stop.abort();
      } else await pages.push([problem]);
    }
    busy -= 1;
    start();
  };
  const start = (): void => {
    while (busy < walk.concurrency && !stopped.aborted) {
      const folder = stack.pop();
      if (!folder) break;
      busy += 1;
      void work(folder);
    }
    if (busy === 0) pages.end();
  };
  const onAbort = (): void => pages.fail(stopped.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    start();
    for await (const page of pages) yield* page;
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', onAbort);
    stop.abort();
    pages.end();
  }
}

function concernsAll(fault: S3Fault): boolean {
  return fault === 'no_bucket' || faultsOfAll.has(fault);
}

/** Lists one folder, page after page; its sub-folders go onto the stack. */
async function listFolder(
  walk: S3Walk,
  folder: Folder,
  pages: BoundedQueue<Listing[]>,
  stack: Folder[],
  signal: AbortSignal,
): Promise<void> {
  const verdict = judgePath(foldersOf(folder.prefix), walk.rules);
  if (verdict !== 'take') {
    if (typeof verdict === 'object') await pages.push([leftOut(verdict, folder.prefix)]);
    return;
  }
  const how = listingOf(folder.prefix);
  let byLevel = how === 'level' || (how === 'look' && folder.depth <= lookDepthMost);
  let token: string | undefined;
  do {
    let page = await ask(walk, folder.prefix, byLevel, token, signal);
    if (how === 'look' && byLevel && token === undefined && isWide(page)) {
      byLevel = false;
      page = await ask(walk, folder.prefix, byLevel, token, signal);
    }
    const depth = how === 'look' ? folder.depth + 1 : folder.depth;
    for (const prefix of page.folders.reverse()) stack.push({ prefix, depth });
    const listings = judgePage(page, walk);
    if (listings.length > 0) await pages.push(listings);
    token = page.next;
  } while (token !== undefined);
}

function ask(
  walk: S3Walk,
  prefix: string,
  byLevel: boolean,
  token: string | undefined,
  signal: AbortSignal,
): Promise<ListPage> {
  const request = { bucket: walk.bucket, prefix, token };
  return listPage(
    walk.client,
    byLevel ? { ...request, delimiter: '/' } : request,
    walk.patience,
    signal,
  );
}

function isWide(page: ListPage): boolean {
  if (page.folders.some(isLandmark)) return false;
  return page.folders.length > lookFoldersMost;
}

function judgePage(page: ListPage, walk: S3Walk): Listing[] {
  const listings: Listing[] = [];
  let lastFolder: string | undefined;
  let verdict: Verdict = 'take';
  let place = locate([]);
  for (const object of page.objects) {
    const end = object.key.lastIndexOf('/') + 1;
    const folder = object.key.slice(0, end);
    if (folder !== lastFolder) {
      lastFolder = folder;
      verdict = judgePath(foldersOf(folder), walk.rules);
      place = locate(foldersOf(folder));
    }
    const name = object.key.slice(end);
    if (name === '') continue; // A folder marker, which some tools make.
    const judged = verdict === 'take' ? judgeName(place, name, walk.rules) : verdict;
    if (judged === 'take') listings.push(object);
    else if (judged === 'sniff') listings.push({ ...object, sniff: true });
    else listings.push(leftOut(judged, object.key));
  }
  return listings;
}
