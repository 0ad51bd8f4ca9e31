const arnForm = /^arn:([a-z-]+):([a-z0-9-]+):([a-z0-9-]*):([^:]*):(.+)$/s;
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;

/**
 * Shorter names for the ARNs among these texts: the boilerplate goes, a key id keeps its first eight
 * digits. ARNs that would read alike keep their full form, so each name still means one thing here.
 */
export function shortArns(texts: Iterable<string>): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const owners = new Map<string, Set<string>>();
  for (const text of texts) {
    const short = shortArn(text);
    if (short === null || names.has(text)) continue;
    names.set(text, short);
    owners.set(short, (owners.get(short) ?? new Set()).add(text));
  }
  for (const [text, short] of names) if (owners.get(short)!.size > 1) names.delete(text);
  return names;
}

function shortArn(text: string): string | null {
  const match = arnForm.exec(text);
  if (!match) return null;
  const [, partition, service, region, account, rest] = match as unknown as string[];
  const of = partition === 'aws' ? '' : `${partition} `;
  const id = rest!.replace(uuid, (digits) => `${digits.slice(0, 8)}…`);
  const place = [account, region].filter(Boolean).join(' ');
  const named = service === 'kms' || service === 'iam' ? id : `${service}:${id}`;
  return `${of}${place}${place ? ' ' : ''}${named}`;
}
