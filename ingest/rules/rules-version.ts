/**
 * Raise when a rule gives other columns for the same facts: the next ingest, or `keymeter rederive`, then
 * derives what is stored again.
 */
export const rulesVersion = 2;
