import { memberOf } from '../core/member-of.ts';
import type { ObjectCounts } from '../store/ledger.ts';
import { isLeftOut, isUnread, type ReadState } from './unread.ts';

/** An object that looks like a log and was not read. */
export interface UnreadObject {
  place: string;
  status: string;
  error_class: string | null;
  error_detail: string | null;
}

/** Objects that are named in a summary; `keymeter coverage --unread` lists all. */
const named_max = 20;

/** What a run did. records_total = non_kms + inserted + duplicate + rejected. */
export interface IngestSummary {
  run_id: string;
  sources: string[];
  status: 'done' | 'partial' | 'interrupted';
  objects_listed: number;
  /** Already in the ledger: not read again. */
  objects_known: number;
  /** Read in this run, whatever became of them. */
  objects_new: number;
  objects_ok: number;
  objects_empty: number;
  objects_skipped: number;
  objects_dead: number;
  objects_gone: number;
  /** Failed for now (denied, network): the next run tries again. */
  objects_pending: number;
  /** Objects of the listing that look like logs and were not read, in this run or in one before. */
  objects_unread: number;
  /** The first of them. */
  unread: UnreadObject[];
  /** Listed objects that are no logs, by reason: their name's, or the class of their content. */
  names_skipped: Record<string, number>;
  /** The first name of each reason. */
  names_skipped_first: Record<string, string>;
  /** Files and folders that the filter left out, by the option that did, and the first of each. */
  filtered: Record<string, number>;
  filtered_first: Record<string, string>;
  /** Accounts and Regions that the listing named; with a filter on them only, and no more than 1,000. */
  listed_accounts: string[];
  listed_regions: string[];
  records_total: number;
  non_kms: number;
  inserted: number;
  duplicate: number;
  rejected: number;
  conflict: number;
  /** Values that are no CloudTrail records; not in records_total. */
  foreign: number;
  /** Bytes behind the content of objects that nothing read. */
  unread_bytes: number;
  /** Compressed bytes of the objects read, and their uncompressed content. */
  bytes_read: number;
  content_bytes: number;
  elapsed_ms: number;
  /** Why objects were refused or left out, by class. */
  classes: Record<string, number>;
  problems: { problem: string; place: string; message: string }[];
}

export function emptySummary(run_id: string, sources: string[]): IngestSummary {
  return {
    run_id,
    sources,
    status: 'done',
    objects_listed: 0,
    objects_known: 0,
    objects_new: 0,
    objects_ok: 0,
    objects_empty: 0,
    objects_skipped: 0,
    objects_dead: 0,
    objects_gone: 0,
    objects_pending: 0,
    objects_unread: 0,
    unread: [],
    names_skipped: {},
    names_skipped_first: {},
    filtered: {},
    filtered_first: {},
    listed_accounts: [],
    listed_regions: [],
    records_total: 0,
    non_kms: 0,
    inserted: 0,
    duplicate: 0,
    rejected: 0,
    conflict: 0,
    foreign: 0,
    unread_bytes: 0,
    bytes_read: 0,
    content_bytes: 0,
    elapsed_ms: 0,
    classes: {},
    problems: [],
  };
}

export function addCounts(summary: IngestSummary, counts: readonly ObjectCounts[]): void {
  for (const object of counts) {
    summary.objects_new++;
    summary[`objects_${object.status}`]++;
    summary.records_total += object.records_total;
    summary.non_kms += object.non_kms;
    summary.inserted += object.inserted;
    summary.duplicate += object.duplicate;
    summary.rejected += object.rejected;
    summary.conflict += object.conflict;
    summary.foreign += object.foreign;
    summary.unread_bytes += object.unread_bytes;
    noteUnread(summary, object);
    if (isLeftOut(object)) noteSkippedName(summary, object.error_class ?? '', object.place);
  }
}

/** Counts an object if it looks like a log and was not read; names the first of them. */
export function noteUnread(summary: IngestSummary, object: UnreadObject & ReadState): void {
  if (!isUnread(object)) return;
  summary.objects_unread++;
  if (summary.unread.length >= named_max) return;
  const { place, status, error_class, error_detail } = object;
  summary.unread.push({ place, status, error_class, error_detail });
}

export function noteSkippedName(summary: IngestSummary, reason: string, key: string): void {
  countClass(summary.names_skipped, reason);
  summary.names_skipped_first[reason] ??= key;
}

export function noteFilteredName(summary: IngestSummary, reason: string, key: string): void {
  countClass(summary.filtered, reason);
  summary.filtered_first[reason] ??= key;
}

export function countClass(counts: Record<string, number>, name: string): void {
  counts[name] = (memberOf(counts, name) ?? 0) + 1;
}
