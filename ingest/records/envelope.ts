import { InputError } from '../input-error.ts';
import { isCloudTrailRecord, isDigest, lookAlikeOf } from './look-alike.ts';
import { isObject } from './record.ts';
import { splitRecords } from './split-records.ts';

/** A record of an object: its value, or why its text is no record. */
export type Unwrapped = { value: unknown } | { errorClass: string; detail: string; text: string };

/**
 * The records of an object's text, in order, out of any envelope that CloudTrail records travel in:
 * `{"Records":[...]}`, a bare record, an array, one JSON document a line (also after a time stamp, as
 * CloudWatch Logs exports them), EventBridge `detail`, LookupEvents `CloudTrailEvent`, CloudWatch Logs
 * `logEvents`. Throws InputError: not_json, json_truncated, records_missing, records_null,
 * nesting_too_deep, and with status skipped the look-alikes (cloudtrail_digest, s3_notification, ...).
 */
export function unwrapText(text: string): Unwrapped[] {
  const bare = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const document = parseJson(bare);
  const records = document === notJson ? unwrapDamaged(bare) : unwrapDocument(document);
  refuseLookAlikes(records);
  return records;
}

const notJson = Symbol('not JSON');

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof RangeError) {
      throw new InputError('nesting_too_deep', 'the JSON is nested too deeply to be read');
    }
    return notJson;
  }
}

function unwrapDocument(document: unknown): Unwrapped[] {
  if (Array.isArray(document)) return document.flatMap((element) => unwrapElement(element));
  if (!isObject(document)) {
    throw new InputError(
      'not_a_log',
      `the JSON is ${JSON.stringify(document)?.slice(0, 40)}, no log`,
    );
  }
  if (Object.hasOwn(document, 'Records')) return unwrapRecords(document['Records']);
  if (isDigest(document)) {
    throw new InputError('cloudtrail_digest', 'a digest file, no log file', 'skipped');
  }
  const records = unwrapElement(document);
  const [only] = records;
  const itself = only !== undefined && 'value' in only && only.value === document;
  if (itself && !isCloudTrailRecord(document)) {
    const alike = lookAlikeOf(document);
    const what = alike ? `a ${alike.replaceAll('_', ' ')}` : 'JSON without "Records"';
    throw new InputError(alike ?? 'records_missing', `${what}, no CloudTrail log`, 'skipped');
  }
  return records;
}

function unwrapRecords(records: unknown): Unwrapped[] {
  if (records === null) throw new InputError('records_null', '"Records" is null');
  if (!Array.isArray(records)) throw new InputError('records_missing', '"Records" is no array');
  return records.map((value) => ({ value }));
}

/** One element of an array, one line, or the document itself. */
function unwrapElement(element: unknown): Unwrapped[] {
  if (!isObject(element)) return [{ value: element }];
  if (Array.isArray(element['Records'])) return unwrapRecords(element['Records']);
  if (isObject(element['detail']) && 'detail-type' in element)
    return [{ value: element['detail'] }];
  if (typeof element['CloudTrailEvent'] === 'string')
    return unwrapString(element['CloudTrailEvent']);
  if (Array.isArray(element['Events'])) {
    return element['Events'].flatMap((inner) => unwrapElement(inner));
  }
  if (Array.isArray(element['logEvents'])) {
    return element['logEvents'].flatMap((inner) =>
      isObject(inner) && typeof inner['message'] === 'string'
        ? unwrapString(inner['message'])
        : [{ value: inner }],
    );
  }
  return [{ value: element }];
}

function unwrapString(text: string): Unwrapped[] {
  const value = parseJson(text);
  return value === notJson
    ? [{ errorClass: 'record_not_json', detail: 'the record is no JSON', text }]
    : unwrapElement(value);
}

/** Text that is no single JSON document: one document a line, several in a row, or damage. */
function unwrapDamaged(text: string): Unwrapped[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (isObject(parseLine(lines[0] ?? ''))) return unwrapLines(lines);
  const split = splitRecords(text);
  if (split === null) {
    if (lines.some((line) => isObject(parseLine(line)))) return unwrapLines(lines);
    throw new InputError('not_json', 'the content is no JSON');
  }
  if (!split.closed) {
    throw new InputError('json_truncated', `the JSON ends inside record ${split.texts.length}`);
  }
  return split.texts.map((record) => {
    const value = parseJson(record);
    if (value !== notJson) return { value };
    return { errorClass: 'record_not_json', detail: 'the record is no JSON', text: record };
  });
}

function unwrapLines(lines: readonly string[]): Unwrapped[] {
  return lines.flatMap((line) => {
    const value = parseLine(line);
    if (value !== notJson) return unwrapElement(value);
    return [{ errorClass: 'record_not_json', detail: 'the line is no JSON', text: line }];
  });
}

/** A line, also with the time stamp that CloudWatch Logs writes before it on export to S3. */
function parseLine(line: string): unknown {
  const value = parseJson(line);
  if (value !== notJson) return value;
  const stamped = /^\d{4}-\d\d-\d\dT[0-9:.]+Z\s+(\{.*)$/s.exec(line);
  return stamped ? parseJson(stamped[1]!) : notJson;
}

/** A file that holds records, but none of CloudTrail's, is something else in the same envelope. */
function refuseLookAlikes(records: readonly Unwrapped[]): void {
  if (records.length === 0) return;
  let alike: string | null = null;
  for (const record of records) {
    if (!('value' in record)) return;
    if (isObject(record.value) && isCloudTrailRecord(record.value)) return;
    alike ??= lookAlikeOf(record.value);
  }
  if (alike) {
    throw new InputError(alike, `${alike.replaceAll('_', ' ')}s, no CloudTrail log`, 'skipped');
  }
}
