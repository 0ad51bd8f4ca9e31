/** What `keymeter export` can write, and the columns that its filters mean there. */
export interface Exportable {
  name: string;
  description: string;
  time_column: string;
  account_column: string;
}

const relation = (
  name: string,
  description: string,
  time_column = 'event_time',
  account_column = 'caller_account_id',
): Exportable => ({ name, description, time_column, account_column });

/** All have a column `region`. */
export const exportables: readonly Exportable[] = [
  relation('kms_events', 'every KMS event, all contract columns'),
  relation('calls_per_second', 'calls of each second, account, Region and quota', 'second'),
  relation('quota_charges', 'one row for each counted call and quota it is charged to'),
  relation('charged_calls', 'quota_charges with the columns of the call'),
  relation('related_events', 'events of other services kept beside', 'event_time', 'account_id'),
  relation('ingest_objects', 'the ledger: every object', 'record_time_min', 'account_id'),
  relation('verified_hours', 'what verify proved, by digest period', 'hour_from', 'account_id'),
];
