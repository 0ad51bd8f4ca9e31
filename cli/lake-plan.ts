import { createWriteStream, mkdtempSync, readFileSync, rmSync, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { exitCodes, KeymeterError } from '../core/errors.ts';
import { openSource } from '../ingest/sources/open-source.ts';
import type {
  ListedObject,
  ListFilter,
  Listing,
  Source,
  SourceOptions,
} from '../ingest/sources/source.ts';
import type { LakeFiles } from '../store/lake-access.ts';

/** What the shards of one plan have in common. */
export interface Plan {
  name: string;
  source: string;
  shards: number;
  objects: number;
  bytes: number;
}

const shardFile = (plan: string, shard: number) =>
  `plans/${plan}/${String(shard).padStart(5, '0')}.ndjson`;
const planFile = (plan: string) => `plans/${plan}/plan.json`;

/**
 * Lists a source once and shares its objects out among shards of like size. An object goes to one shard
 * whole; which one does not matter. plan.json is put last.
 */
export async function writePlan(
  lake: LakeFiles,
  source: Source,
  { name, shards, filter }: { name: string; shards: number; filter: ListFilter },
): Promise<Plan & { problems: number }> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-plan-'));
  const files: WriteStream[] = [];
  const local = (shard: number) => path.join(scratch, String(shard));
  try {
    for (let i = 0; i < shards; i++) files.push(createWriteStream(local(i)));
    const bytes = new Float64Array(shards);
    let objects = 0;
    let problems = 0;
    for await (const listing of source.list(filter, new AbortController().signal)) {
      if ('problem' in listing) problems++;
      if (!('version' in listing)) continue;
      const smallest = bytes.indexOf(Math.min(...bytes));
      // An empty object costs a request too.
      bytes[smallest]! += listing.size_bytes + 1_000;
      objects++;
      const line = `${JSON.stringify(listing)}\n`;
      if (!files[smallest]!.write(line)) await once(files[smallest]!, 'drain');
    }
    for (const [i, file] of files.entries()) {
      file.end();
      await once(file, 'close');
      await lake.put(shardFile(name, i), readFileSync(local(i)));
    }
    const total = bytes.reduce((sum, one) => sum + one, 0) - objects * 1_000;
    const plan = { name, source: source.description, shards, objects, bytes: total };
    await lake.put(planFile(name), Buffer.from(`${JSON.stringify(plan)}\n`));
    return { ...plan, problems };
  } finally {
    for (const file of files) file.destroy();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A source that lists the objects of one shard. */
export async function shardSource(
  lake: LakeFiles,
  name: string,
  shard: number,
  options: SourceOptions,
): Promise<Source> {
  const plan = await readPlan(lake, name);
  if (shard >= plan.shards) {
    throw new KeymeterError('unknown_shard', `plan ${name} has no shard ${shard}`, {
      fix: `its shards are 0 to ${plan.shards - 1}`,
      exitCode: exitCodes.usage,
    });
  }
  const lines = (await lake.read(shardFile(name, shard)))!.toString('utf8').split('\n');
  const objects = lines
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ListedObject);
  const { reader } = await openSource(plan.source, options);
  return {
    description: `${plan.source}, shard ${shard} of ${plan.shards}`,
    reader,
    list: async function* (): AsyncGenerator<Listing> {
      yield* objects;
    },
  };
}

export async function readPlan(lake: LakeFiles, name: string): Promise<Plan> {
  const bytes = await lake.read(planFile(name));
  if (bytes) return JSON.parse(bytes.toString('utf8')) as Plan;
  throw new KeymeterError('unknown_plan', `${lake.place} has no plan ${name}`, {
    fix: 'make it first with `keymeter lake plan`',
    exitCode: exitCodes.usage,
  });
}
