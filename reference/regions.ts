import { readFileSync } from 'node:fs';

/** AWS Regions by name; see regions.json. There may be newer ones. */
export const regionNames: readonly string[] = (
  JSON.parse(readFileSync(new URL('./regions.json', import.meta.url), 'utf8')) as {
    regions: string[];
  }
).regions;
