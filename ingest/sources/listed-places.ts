import { locate, placeOfFile } from './log-path.ts';

/** What is kept of a listing's accounts and Regions at most, each. */
const placesMost = 1_000;

/** The accounts and Regions that a listing names, to tell a filter that is misspelt. */
export class ListedPlaces {
  readonly #accounts = new Set<string>();
  readonly #regions = new Set<string>();

  add(key: string, to: { listed_accounts: string[]; listed_regions: string[] }): void {
    const folders = key.split('/');
    const name = folders.pop() ?? '';
    // A folder that is left out may come without a slash at its end.
    const { account, region } = placeOfFile(locate([...folders, name]), name);
    note(account, this.#accounts, to.listed_accounts);
    note(region, this.#regions, to.listed_regions);
  }
}

function note(value: string | undefined, seen: Set<string>, list: string[]): void {
  if (value === undefined || seen.has(value)) return;
  seen.add(value);
  if (list.length < placesMost && !list.includes(value)) list.push(value);
}
