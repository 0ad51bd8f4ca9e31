import type { RederiveProgress } from './rederive.ts';
import type { ReaderPool } from './pool.ts';
import type { ListFilter } from './sources/source.ts';
import type { IngestSummary } from './summary.ts';

export interface IngestOptions {
  filter?: ListFilter;
  workers?: number;
  /** Readers made before, so that they load while the database is opened; the run closes them. */
  readers?: ReaderPool | undefined;
  /** Uncompressed bytes of one object at most. */
  content_bytes_max?: number;
  /** Groups of events of other services to keep; absent: as relatedGroupsOf says. */
  related_groups?: readonly string[];
  /** Nobody asks the database meanwhile: it may have less memory. */
  alone?: boolean;
  /** Try dead objects again. */
  retryDead?: boolean;
  /** A transaction is made at this many objects, if not before for its rows or its age. */
  group_objects?: number;
  /** A run that finds nothing new leaves no trace, and sums are folded only once they have grown. */
  quiet?: boolean;
  /** Ends the run after the open transaction. */
  signal?: AbortSignal;
  /** Called while stored rows are derived again, because the rules have changed since. */
  onRederive?: RederiveProgress;
  /** Called after each commit with the summary so far. */
  onProgress?: (summary: Readonly<IngestSummary>) => void;
}
