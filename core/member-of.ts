/**
 * The value of a table under a name that comes from data. A plain index would find what every object
 * has: a Region named `constructor` had a function for a quota.
 */
export function memberOf<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
