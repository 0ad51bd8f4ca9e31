/** What the rest of keymeter does with a lake: its files are opened, written, settled and shown here alone. */
export { openLakeFiles, type LakeFiles } from './lake/lake-files.ts';
export { readCurrent, shardName } from './lake/manifests.ts';
export { settle } from './lake/settle.ts';
export { locationOf, tableEngines, tableStatements, type TableEngine } from './lake/tables.ts';
export { writeShard } from './lake/write-shard.ts';
