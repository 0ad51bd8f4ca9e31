import type { RegionScope } from './digest-key.ts';
import type { DigestStore } from './digest-store.ts';

const depthMax = 4;
const foldersMax = 10_000;

export interface ScopeFilter {
  accounts?: readonly string[] | undefined;
  regions?: readonly string[] | undefined;
}

/**
 * Finds every account and Region folder under the roots of a store, by asking only for folder names.
 * A root may lie above `AWSLogs/` (it is searched for, four folders deep) or anywhere below it, as in
 * the sources given for ingestion: `s3://bucket/AWSLogs/123456789012/CloudTrail/eu-west-1/`.
 */
export async function* findScopes(
  store: DigestStore,
  filter: ScopeFilter,
): AsyncGenerator<RegionScope> {
  for (const { bucket, prefix } of store.roots) {
    const below = /^((?:.*\/)?AWSLogs)(?:\/(.*))?$/.exec(prefix);
    if (below) {
      const [organisation, ...rest] = splitOrganisation(below[2] ?? '');
      const base = `${below[1]}/${organisation ?? ''}`;
      yield* scopesUnder(store, bucket, base, narrowed(filter, rest), organisation === '');
      continue;
    }
    const start = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
    for await (const base of findAwsLogs(store, bucket, start)) {
      yield* scopesUnder(store, bucket, base, filter, true);
    }
  }
}

/** `o-id/` or nothing, then the account, the kind of file and the Region, as far as they are given. */
function splitOrganisation(rest: string): string[] {
  const parts = rest.split('/').filter(Boolean);
  const organisation = parts[0]?.startsWith('o-') ? `${parts.shift()}/` : '';
  return [organisation, ...parts];
}

function narrowed(filter: ScopeFilter, [account, , region]: string[]): ScopeFilter {
  return {
    accounts: account
      ? [account].filter((one) => filter.accounts?.includes(one) ?? true)
      : filter.accounts,
    regions: region
      ? [region].filter((one) => filter.regions?.includes(one) ?? true)
      : filter.regions,
  };
}

async function* findAwsLogs(store: DigestStore, bucket: string, start: string) {
  let level = [start];
  let seen = 0;
  for (let depth = 0; depth < depthMax && level.length > 0; depth++) {
    const deeper: string[] = [];
    for (const prefix of level) {
      for (const name of await store.folders(bucket, prefix)) {
        if (name === 'AWSLogs') yield `${prefix}AWSLogs/`;
        else if (++seen <= foldersMax) deeper.push(`${prefix}${name}/`);
      }
    }
    level = deeper;
  }
}

async function* scopesUnder(
  store: DigestStore,
  bucket: string,
  base: string,
  filter: ScopeFilter,
  withOrganisations: boolean,
): AsyncGenerator<RegionScope> {
  for (const name of await store.folders(bucket, base)) {
    if (withOrganisations && /^o-[a-z0-9]+$/.test(name)) {
      yield* scopesUnder(store, bucket, `${base}${name}/`, filter, false);
    }
    if (!/^\d{12}$/.test(name) || !(filter.accounts?.includes(name) ?? true)) continue;
    const regions = new Set([
      ...(await store.folders(bucket, `${base}${name}/CloudTrail-Digest/`)),
      ...(await store.folders(bucket, `${base}${name}/CloudTrail/`)),
    ]);
    for (const region of [...regions].sort()) {
      if (!(filter.regions?.includes(region) ?? true)) continue;
      yield { bucket, base, account_id: name, region };
    }
  }
}
