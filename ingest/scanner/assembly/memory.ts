// Memory, from the bottom: static data | intern tables | what the rules said | tuples | columns that wait |
// input and its padding | rows | a table that is taken.
import { INTERN_BYTES, layOut } from './intern';
import { KNOWN_BYTES, layOutKnown } from './known';
import { layOutPending, PENDING_LENGTH } from './pending';
import { layOutTuples, TUPLES_BYTES } from './tuples';

const PAGE_BITS: usize = 16;

const internAt: usize = (__heap_base + 15) & ~(<usize>15);
const knownAt: usize = internAt + INTERN_BYTES;
const tuplesAt: usize = knownAt + KNOWN_BYTES;
const columnsAt: usize = tuplesAt + TUPLES_BYTES;
/** Where the bytes of a file are scanned. */
export const input: usize = (columnsAt + PENDING_LENGTH + 63) & ~(<usize>63);
layOut(internAt);
layOutKnown(knownAt);
layOutTuples(tuplesAt);
layOutPending(columnsAt);
ensureMemory(input + 65536);

/** Makes the memory reach to this address at least. */
export function ensureMemory(bytes: usize): void {
  const pages = <i32>((bytes + 0xffff) >> PAGE_BITS);
  const missing = pages - memory.size();
  // Rows come one by one: growing by at least a MiB keeps that rare.
  if (missing > 0) {
    const wanted = missing < 16 ? 16 : missing;
    if (memory.grow(wanted) < 0) unreachable();
  }
}
