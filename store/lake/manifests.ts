import { KeymeterError } from '../../core/errors.ts';
import type { LakeFiles } from './lake-files.ts';

/** One Parquet file of a shard. */
export interface Part {
  relation: string;
  /** Day of event time, `2026-10-05`; null for relations that have none. */
  day: string | null;
  path: string;
  rows: number;
  bytes: number;
}

/** What a shard wrote. It is put last: parts that no manifest names do not exist. */
export interface Manifest {
  shard: string;
  written_at: string;
  events: number;
  parts: Part[];
}

/** Which version of each daily and whole relation counts now. Put in one piece: that is the swap. */
export interface Current {
  /** Changes with the content; the data version of readers. */
  version: string;
  settled_at: string;
  /** By day: a hash of the parts that it was settled from, and what came of them. */
  days: Record<string, SettledDay>;
  /** Files of the relations that have no days. */
  whole: Record<string, string[]>;
}

export interface SettledDay {
  inputs: string;
  events: number;
  counted: number;
  files: Record<string, string[]>;
}

export const currentPath = 'current.json';
export const manifestFolder = 'raw/_done/';
export const shardName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** All manifests, by shard. */
export async function readManifests(lake: LakeFiles): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  for await (const path of lake.list(manifestFolder)) {
    if (!path.endsWith('.json')) continue;
    const bytes = await lake.read(path);
    if (bytes) manifests.push(parsed<Manifest>(lake, path, bytes));
  }
  return manifests.sort((a, b) => (a.shard < b.shard ? -1 : 1));
}

export async function readCurrent(lake: LakeFiles): Promise<Current | null> {
  const bytes = await lake.read(currentPath);
  return bytes ? parsed<Current>(lake, currentPath, bytes) : null;
}

function parsed<T>(lake: LakeFiles, path: string, bytes: Buffer): T {
  try {
    return JSON.parse(bytes.toString('utf8')) as T;
  } catch (error) {
    throw new KeymeterError('lake_damaged', `${lake.address(path)} is not JSON`, {
      fix: 'write the shard again; for current.json, delete it and run `keymeter lake settle`',
      cause: error,
    });
  }
}
