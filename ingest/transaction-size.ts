/**
 * A transaction ends at this many rows. From one row group (122,880 rows) on DuckDB writes compressed
 * data straight to the file instead of to its log first, which halves the cost of a row; what has been
 * appended stays in memory until it is stored, which bounds how many more there may be.
 */
export const group_rows = 262_144;
/** Objects of one transaction, so that ledger rows of tiny objects don't pile up. */
export const group_objects_default = 40_000;
/** What was read waits no longer than this, however little it is. */
export const group_age_ms = 4_000;
