/**
 * Where a path stands in a CloudTrail bucket:
 * `[prefix/]AWSLogs/[o-org/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/FILE`. Copies often lose the front
 * part, so the walk also starts at an account folder or at a `CloudTrail` folder. Only what stands in
 * this chain is believed: a `2024/05/01` elsewhere may be the day of a backup, and twelve digits a
 * time stamp.
 */
export type Role =
  | 'unknown'
  | 'awslogs'
  | 'org'
  | 'account'
  | 'trail'
  | 'region'
  | 'year'
  | 'month'
  | 'day'
  | 'digest'
  | 'insight'
  | 'aggregated'
  | 'other-service';

/** What the path proves. Days are whole numbers YYYYMMDD, UTC, the day of publishing. */
export interface Place {
  role: Role;
  account?: string;
  region?: string;
  /** First and last day that the folder can hold; equal for a day folder. */
  day_first?: number;
  day_last?: number;
}

const accountName = /^\d{12}$/;
const organisationName = /^o-[a-z0-9]+$/;
const regionName = /^[a-z]{2,}(?:-[a-z]+)+-\d{1,2}$/;

/** Whether a text has the form of a Region's name. */
export const isRegionName = (text: string): boolean => regionName.test(text);

const trailNames = new Set(['CloudTrail', 'CloudTrail-NetworkActivity']);
const fileName = /^(\d{12})_CloudTrail(?:-NetworkActivity)?_([a-z0-9-]+?)[_-](\d{8})T\d{4}Z?/;

/** The roles whose sub-folders are worth listing one level at a time. */
const structural = new Set<Role>(['awslogs', 'org', 'account', 'trail', 'region', 'year', 'month']);

export function isStructural(place: Place): boolean {
  return structural.has(place.role);
}

/** Reads the folders of a path, from the bucket's or the file system's root on. */
export function locate(folders: readonly string[]): Place {
  let place: Place = { role: 'unknown' };
  let underAwsLogs = false;
  let accountCandidate: string | undefined;
  for (const name of folders) {
    const apart = setApart(name);
    if (apart) return { ...place, role: apart };
    if (name === 'AWSLogs') {
      place = { role: 'awslogs' };
      underAwsLogs = true;
      accountCandidate = undefined;
      continue;
    }
    const before = place.role;
    if (before === 'day') continue;
    const next = step(place, name);
    if (next) {
      place = next;
    } else if (before === 'account' && underAwsLogs) {
      return { ...place, role: 'other-service' };
    } else if (trailNames.has(name)) {
      place = { role: 'trail' };
    } else if (accountName.test(name) && !underAwsLogs) {
      place = { role: 'account' };
    } else {
      place = { ...place, role: 'unknown' };
    }
    // Twelve digits are an account below AWSLogs, and elsewhere only once a trail folder follows.
    if (place.role === 'account') {
      accountCandidate = name;
      if (underAwsLogs) place.account = name;
    } else if (place.role === 'trail' && before === 'account' && accountCandidate) {
      place.account = accountCandidate;
    }
  }
  return place;
}

/** What a file's own name says, where its folders say nothing: flat copies keep their names. */
export function placeOfFile(folder: Place, name: string): Place {
  if (folder.account && folder.region && folder.day_first) return folder;
  const found = fileName.exec(name);
  if (!found) return folder;
  const [, account, region, date] = found;
  const place: Place = { ...folder };
  if (account) place.account ??= account;
  if (region && regionName.test(region)) place.region ??= region;
  if (place.day_first !== place.day_last || place.day_first === undefined) {
    place.day_first = Number(date);
    place.day_last = Number(date);
  }
  return place;
}

function setApart(name: string): Role | undefined {
  if (name === 'CloudTrail-Digest') return 'digest';
  if (name === 'CloudTrail-Insight') return 'insight';
  if (name.startsWith('CloudTrail-Aggregated')) return 'aggregated';
  return undefined;
}

/** The place one level down when the name is what the layout expects there, else undefined. */
function step(place: Place, name: string): Place | undefined {
  switch (place.role) {
    case 'awslogs':
      if (organisationName.test(name)) return { ...place, role: 'org' };
      return accountName.test(name) ? { ...place, role: 'account' } : undefined;
    case 'org':
      return accountName.test(name) ? { ...place, role: 'account' } : undefined;
    case 'account':
      return trailNames.has(name) ? { ...place, role: 'trail' } : undefined;
    case 'trail':
      return regionName.test(name) ? { ...place, role: 'region', region: name } : undefined;
    case 'region':
      return /^[12]\d{3}$/.test(name) ? span(place, 'year', Number(name), 1, 12, 31) : undefined;
    case 'year':
      return /^(?:0[1-9]|1[0-2])$/.test(name)
        ? span(place, 'month', yearOf(place), Number(name), Number(name), 31)
        : undefined;
    case 'month':
      return /^(?:0[1-9]|[12]\d|3[01])$/.test(name) ? day(place, Number(name)) : undefined;
    default:
      return undefined;
  }
}

function yearOf(place: Place): number {
  return Math.floor((place.day_first ?? 0) / 10_000);
}

function span(
  place: Place,
  role: Role,
  year: number,
  monthFirst: number,
  monthLast: number,
  dayLast: number,
): Place {
  return {
    ...place,
    role,
    day_first: year * 10_000 + monthFirst * 100 + 1,
    day_last: year * 10_000 + monthLast * 100 + dayLast,
  };
}

function day(place: Place, dayOfMonth: number): Place {
  const date = Math.floor((place.day_first ?? 0) / 100) * 100 + dayOfMonth;
  return { ...place, role: 'day', day_first: date, day_last: date };
}
