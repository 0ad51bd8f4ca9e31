import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { DataSet } from './data.ts';

/** Real logs, each record copied so often with fresh ids: see the head of the tool. */
export interface Amplified {
  shape: 'big' | 'small';
  copies: number;
}

/** The set in `cache`; null, said aloud, where the folder of real logs is missing. */
export function amplifiedSet(
  root: string,
  cache: string,
  name: string,
  { shape, copies }: Amplified,
): DataSet | null {
  const shared = path.join(root, '../shared');
  const tool = path.join(shared, 'tools/amplify.mjs');
  const logs = path.join(shared, 'data/real');
  if (!existsSync(tool) || !existsSync(logs)) {
    console.log(`${name}: left out, there are no real logs in ${logs}`);
    return null;
  }
  const directory = path.join(cache, `real-${shape}-x${copies}`);
  const trail = path.join(directory, 'trail');
  const summaryFile = path.join(directory, 'summary.json');
  if (!existsSync(summaryFile)) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(trail, { recursive: true });
    const flags = ['--copies', String(copies), '--shape', shape];
    const text = execFileSync(process.execPath, [tool, trail, ...flags, logs], {
      encoding: 'utf8',
    });
    // What the tool notes beside the logs is none of them.
    for (const file of readdirSync(trail, { recursive: true, encoding: 'utf8' })) {
      const note = path.join(trail, file);
      if (!file.endsWith('.gz') && statSync(note).isFile()) rmSync(note);
    }
    writeFileSync(summaryFile, text);
  }
  const made = JSON.parse(readFileSync(summaryFile, 'utf8')) as Record<string, number>;
  return {
    name,
    directory: trail,
    summary: {
      files: made['files']!,
      records: made['records']!,
      kms_records: made['kms']!,
      kms_distinct: made['kms_distinct']!,
      json_bytes: made['raw_bytes']!,
      gzip_bytes: made['gz_bytes']!,
    },
  };
}
