import { parse } from 'csv-parse/sync';
import { InputError } from '../input-error.ts';
import { unwrapValue, type TextPart } from './unwrap.ts';

const name = String.raw`"?[@$_A-Za-z][\w@$ .()/-]*"?`;
/** A header: names with commas, semicolons or tabs between them, none of which is JSON or a time. */
const headerPattern = new RegExp(String.raw`^\ufeff?${name}(?:([,;\t])${name})+\r?(?:\n|$)`);
/** The header of a single column, where it can hold records. */
const oneColumn = /^\ufeff?"?(?:eventJson|CloudTrailEvent|@message|message|_raw)"?\r?\n/;
/** Columns of records that were taken apart, such as an Athena table's. */
const recordColumns = /event_?(?:id|name|source|time|version)|useridentity/i;

/**
 * The rows of a CSV text, each with the records in its cells: CloudTrail Lake's `eventJson`, `@message` of
 * CloudWatch Logs Insights, `_raw` of Splunk. Null when the text is no CSV. Throws InputError
 * event_history_csv, csv_without_records, csv_damaged.
 */
export function csvRows(text: string): TextPart[] | null {
  const header = headerPattern.exec(text) ?? oneColumn.exec(text);
  if (!header) return null;
  refuseEventHistory(header[0].toLowerCase());
  if (!text.includes('eventSource')) {
    // Any other CSV is a text like others.
    if (recordColumns.test(header[0])) throw withoutRecords();
    return null;
  }
  const rows = parsed(text, header[1] ?? ',');
  return rows.map(({ record, info }, i) => {
    // A list in a list is a row of cells: one value.
    const items = unwrapValue([Object.values(record)]);
    return {
      from: i === 0 ? 0 : rows[i - 1]!.info.bytes,
      to: info.bytes,
      items,
    };
  });
}

interface Row {
  record: Record<string, string>;
  /** `bytes` are those of the text up to the end of the row. */
  info: { bytes: number };
}

function parsed(text: string, delimiter: string): Row[] {
  try {
    return parse(text, {
      bom: true,
      columns: true,
      delimiter,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as Row[];
  } catch (error) {
    throw new InputError('csv_damaged', `the CSV cannot be read: ${(error as Error).message}`);
  }
}

function refuseEventHistory(header: string): void {
  if (!header.includes('event id') || !header.includes('event name')) return;
  throw new InputError(
    'event_history_csv',
    'CSV of the Event history, which lacks principals, keys and encryption contexts: choose "Download as JSON" there instead',
    'skipped',
  );
}

function withoutRecords(): InputError {
  return new InputError(
    'csv_without_records',
    'CSV without the records as JSON: export the column that holds them (eventJson, @message, _raw)',
    'skipped',
  );
}
