import type { PathFacts } from './rules/kms-event.ts';

const logPath = /(?:^|\/)(\d{12})\/CloudTrail[^/]*\/([a-z0-9-]+)\/\d{4}\/\d{2}\/\d{2}\//;
const logName = /(?:^|\/)(\d{12})_CloudTrail[^_]*_([a-z0-9-]+)_\d{8}T\d{4}Z/;

/** Account and Region that a log's key names, by its folders or else by its file name. */
export function pathFactsOf(key: string): PathFacts {
  const match = logPath.exec(key) ?? logName.exec(key);
  return { account_id: match?.[1] ?? null, region: match?.[2] ?? null };
}

/** Whether a key is that of network activity events, which a trail delivers apart from API calls. */
export function isNetworkActivity(key: string): boolean {
  return /(?:^|\/)CloudTrail-NetworkActivity\/|_CloudTrail-NetworkActivity_/.test(key);
}
