/**
 * DuckDB's memory limit while ingesting, in MB: enough for the rows of a transaction, and for the index of
 * the ledger's objects, which DuckDB keeps in memory and which takes some 60 bytes an object (4 million
 * filled 256 MB).
 */
export function ingestMegabytes(objects: number): number {
  const ledger = Math.ceil((objects * 100) / 32_000_000) * 32;
  return 256 + ledger;
}
