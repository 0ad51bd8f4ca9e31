import type { DimensionName } from '../batch/event-batch.ts';

/** What the store knows of a dictionary's entries of one dimension. */
export interface MappedEntries {
  /** Each entry's number in the store. */
  numbers: Int32Array;
  /** Its class as a call is charged (see CallCounts); 0 for dimensions that charges don't depend on. */
  classes: Int32Array;
  /** 1 for calls of the API; of `calls` alone. */
  apiCalls: Uint8Array;
  /** Entries that are mapped, and those of them whose transaction is committed. */
  count: number;
  committed: number;
}

export type MappedDictionary = Record<DimensionName, MappedEntries>;
