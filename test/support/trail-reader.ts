import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A CloudTrail record as JSON.parse gives it, with the fields that tests count by. */
export interface RawRecord {
  eventTime: string;
  eventSource: string;
  eventName: string;
  awsRegion: string;
  sourceIPAddress: string;
  userAgent?: string;
  errorCode?: string;
  errorMessage?: string;
  eventID: string;
  sharedEventID?: string;
  eventType: string;
  eventVersion: string;
  readOnly: boolean;
  recipientAccountId: string;
  requestParameters: Record<string, any> | null;
  responseElements: Record<string, any> | null;
  additionalEventData?: Record<string, any>;
  resources?: { accountId?: string; type: string; ARN: string }[];
  tlsDetails?: Record<string, string>;
  userIdentity: Record<string, any>;
}

export interface RawFile {
  path: string;
  records: RawRecord[];
}

/** All files of a directory by relative path, in a fixed order. */
export function filePaths(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

/** Every log file under `/CloudTrail/`, read the slow, obvious way. */
export function readTrail(directory: string): RawFile[] {
  return filePaths(directory)
    .filter((path) => path.includes('/CloudTrail/'))
    .map((path) => {
      const text = gunzipSync(readFileSync(join(directory, path))).toString('utf8');
      return { path, records: (JSON.parse(text) as { Records: RawRecord[] }).Records };
    });
}
