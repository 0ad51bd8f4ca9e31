import { textColumn } from '../store/batch/batch-encoder.ts';
import {
  dimensionColumns,
  dimensionNames,
  type DimensionName,
} from '../store/batch/event-batch.ts';
import { TableBuilder } from '../store/batch/table-builder.ts';
import type { Database } from '../store/database.ts';
import { chargedBy } from '../store/views.ts';
import { StoredFacts, type StoredContext, type StoredTuple } from '../store/write/stored-facts.ts';
import { contextOf } from './rules/context.ts';
import { derive, storedFacts } from './rules/derive.ts';
import { rulesVersion } from './rules/rules-version.ts';

/** What a derivation did. */
export interface Rederived {
  rules_version_before: number;
  rules_version: number;
  /** Rows of the dimensions, those that changed, and those that were stored before facts were. */
  tuples: number;
  tuples_changed: number;
  tuples_without_facts: number;
  /** Events whose resource changed. */
  resources_changed: number;
  /** Whether calls are charged otherwise, so that the calls of each second were counted again. */
  recounted: boolean;
}

/** How far it is: tuples that were looked at, of all. */
export type RederiveProgress = (done: number, all: number) => void;

/**
 * Derives the columns of all dimensions again from the facts that are stored beside them, and the resources
 * of events from their encryption contexts: a corrected rule reaches what was read before, without the
 * trail. One transaction; no ingest may run.
 */
export async function rederive(
  database: Database,
  onProgress: RederiveProgress = () => undefined,
): Promise<Rederived> {
  const stored = await StoredFacts.open(database);
  const result: Rederived = {
    rules_version_before: await stored.version(),
    rules_version: rulesVersion,
    tuples: 0,
    tuples_changed: 0,
    tuples_without_facts: 0,
    resources_changed: 0,
    recounted: false,
  };
  try {
    for (const name of dimensionNames) {
      const { tuples, without_facts } = await stored.counts(name);
      result.tuples += tuples;
      result.tuples_without_facts += without_facts;
    }
    const all = result.tuples - result.tuples_without_facts;
    await stored.transaction(rulesVersion, async () => {
      let done = 0;
      const regions = new Map<number, string | null>();
      for (const name of dimensionNames) {
        for await (const page of stored.tuples(name)) {
          await replaceChanged(stored, name, page, result);
          if (name === 'calls')
            for (const tuple of page) regions.set(tuple.number, regionOf(tuple));
          onProgress((done += page.length), all);
        }
      }
      await replaceResources(stored, regions, result);
      if (result.recounted) await stored.recount();
      return result.tuples_changed + result.resources_changed > 0;
    });
    return result;
  } finally {
    stored.close();
  }
}

/** Derives when the rules have changed since; null when they have not. */
export async function rederiveIfOlder(
  database: Database,
  onProgress?: RederiveProgress,
): Promise<Rederived | null> {
  const stored = await StoredFacts.open(database);
  const version = await stored.version().finally(() => stored.close());
  return version < rulesVersion ? rederive(database, onProgress) : null;
}

async function replaceChanged(
  stored: StoredFacts,
  name: DimensionName,
  page: readonly StoredTuple[],
  result: Rederived,
): Promise<void> {
  const columns = dimensionColumns(name);
  const charging = new Set<string>(name in chargedBy ? chargedBy[name as 'calls'] : []);
  const builder = new TableBuilder(columns);
  const numbers: number[] = [];
  for (const { number, values } of page) {
    const facts = String(values['facts']);
    const derived: Record<string, unknown> = { ...derive(name, storedFacts(facts)), facts };
    const changed = columns.filter(
      (column) => (derived[column.name] ?? null) !== values[column.name],
    );
    if (changed.length === 0) continue;
    if (changed.some((column) => charging.has(column.name))) result.recounted = true;
    numbers.push(number);
    builder.add(derived);
  }
  if (numbers.length === 0) return;
  result.tuples_changed += numbers.length;
  await stored.replaceTuples(name, numbers, builder.take());
}

function regionOf({ values }: StoredTuple): string | null {
  const { record, path } = storedFacts(String(values['facts']));
  return (record['awsRegion'] as string | undefined) ?? path.region;
}

/** The resource of an event depends on its call: where one event of a call is wrong, all of them are looked at. */
async function replaceResources(
  stored: StoredFacts,
  regions: ReadonlyMap<number, string | null>,
  result: Rederived,
): Promise<void> {
  const resourceOf = ({ call_no, encryption_context }: StoredContext): string | null =>
    contextOf(JSON.parse(encryption_context ?? 'null'), regions.get(call_no) ?? null).resource_arn;
  const isWrong = (row: StoredContext) =>
    regions.has(row.call_no) && resourceOf(row) !== row.resource_arn;
  const calls: number[] = [];
  for await (const page of stored.contexts('one of each')) {
    for (const row of page) if (isWrong(row)) calls.push(row.call_no);
  }
  if (calls.length === 0) return;
  for await (const page of stored.contexts(calls)) {
    const wrong = page.filter(isWrong);
    if (wrong.length === 0) continue;
    result.resources_changed += wrong.length;
    await stored.replaceResources(
      wrong.map(({ row_id }) => row_id),
      textColumn(wrong.map(resourceOf)),
    );
  }
}
