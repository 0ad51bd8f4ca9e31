// Memory, from the bottom: static data, then what is allocated, in the order of the asking. Nothing is freed:
// what grows is allocated anew at twice its size, so that the old places together are no larger than the new.

const PAGE_BITS: usize = 16;
let top: usize = (__heap_base + 63) & ~(<usize>63);

/** So many bytes; SIMD loads may reach 64 bytes further. */
export function allocate(bytes: usize): usize {
  const at = top;
  top = (top + bytes + 64 + 63) & ~(<usize>63);
  const pages = <i32>((top + 0xffff) >> PAGE_BITS);
  const missing = pages - memory.size();
  // Memory that grows costs its views in JavaScript: at least a MiB at a time.
  if (missing > 0 && memory.grow(missing < 16 ? 16 : missing) < 0) unreachable();
  return at;
}
