import { runAny } from '../api-client.ts';
import type { Change } from '../state.ts';

/** What an investigation follows: filters of the page, or a selection that no other page has. */
export interface Subject {
  kind: 'key' | 'principal' | 'bucket' | 'source' | 'session' | 'access_key' | 'event';
  value: string;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What a text names, judged by its form alone; undefined when the known names must decide. */
export function subjectByForm(text: string): Subject | undefined {
  const value = text.trim();
  if (/^arn:[^:]*:kms:/.test(value) || value.startsWith('alias/')) return { kind: 'key', value };
  if (/^arn:[^:]*:(iam|sts):/.test(value)) return { kind: 'principal', value };
  if (/^arn:[^:]*:s3:::/.test(value)) {
    return { kind: 'bucket', value: value.split(':::')[1]!.split('/')[0]! };
  }
  if (/^(\d{1,3}\.){3}\d{1,3}$/.test(value) || /^[0-9a-f]*:[0-9a-f:]+$/i.test(value)) {
    return { kind: 'source', value };
  }
  if (/^(AKIA|ASIA|AIDA|AROA)[A-Z0-9]{8,}$/.test(value)) return { kind: 'access_key', value };
  return undefined;
}

export interface Known {
  keys: readonly { value: string; name: string }[];
  principals: readonly string[];
  buckets: readonly string[];
}

/** Everything that can be searched for by a part of its name. */
export async function knownSubjects(): Promise<Known> {
  const [keys, principals, names, resources] = await Promise.all([
    runAny('key-usage', { limit: '10000' }),
    runAny('principal-usage', { limit: '10000' }),
    runAny('names', {}),
    runAny('request-cost', { by: 'resource', limit: '10000' }),
  ]);
  const label = new Map(names.rows.map((row) => [String(row['id']), String(row['label'])]));
  return {
    keys: keys.rows.map((row) => {
      const value = String(row['key']);
      return { value, name: label.get(value) ?? '' };
    }),
    principals: principals.rows.map((row) => String(row['principal'])),
    buckets: resources.rows.flatMap((row) => {
      const match = /^arn:[^:]*:s3:::([^/]+)/.exec(String(row['group_name']));
      return match ? [match[1]!] : [];
    }),
  };
}

/** Known subjects that hold the text, the best first. */
export function subjectsWith(known: Known, text: string, most: number): Subject[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [];
  const found: Subject[] = [];
  for (const { value, name } of known.keys) {
    if (`${value} ${name}`.toLowerCase().includes(wanted)) found.push({ kind: 'key', value });
  }
  for (const value of known.principals) {
    if (value.toLowerCase().includes(wanted)) found.push({ kind: 'principal', value });
  }
  for (const value of new Set(known.buckets)) {
    if (value.toLowerCase().includes(wanted)) found.push({ kind: 'bucket', value });
  }
  const end = (subject: Subject) => (subject.value.toLowerCase().endsWith(wanted) ? 0 : 1);
  return found.sort((a, b) => end(a) - end(b)).slice(0, most);
}

/** What the text means: by its form, by a known name, or an event id. */
export function subjectOf(known: Known, text: string): Subject | undefined {
  const value = text.trim();
  const byForm = subjectByForm(value);
  if (byForm?.kind === 'key' && value.startsWith('alias/')) {
    return subjectsWith(known, value, 1)[0] ?? byForm;
  }
  if (byForm) return byForm;
  const [best] = subjectsWith(known, value, 1);
  if (best) return best;
  if (uuid.test(value)) return { kind: 'event', value };
  return undefined;
}

/** Where the page goes to follow a subject. */
export function changeTo({ kind, value }: Subject): Change {
  const none = { key: undefined, principal: undefined, bucket: undefined };
  const cleared = { source: undefined, session: undefined, access_key: undefined };
  if (kind === 'key' || kind === 'principal' || kind === 'bucket') {
    return { path: '/security', filters: { ...none, [kind]: value }, selection: cleared };
  }
  return { path: '/security', filters: none, selection: { ...cleared, [kind]: value } };
}
