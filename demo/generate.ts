import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KeymeterError } from '../core/errors.ts';
import { plantBackground } from './background.ts';
import { demoNames } from './organisation.ts';
import { layFiles, writeFiles, type DeliveryProgress } from './delivery.ts';
import { writeDecoys } from './decoys.ts';
import { Plan } from './plan.ts';
import { plantSituations, quotaOverrides } from './situations/index.ts';
import { tally } from './tally.ts';
import type { DemoTruth } from './truth.ts';

export interface DemoOptions {
  /** The same seed gives the same bytes. Default 1. */
  seed?: number;
  /** Days from 2026-10-05, at least 14 with situations. Default 30. */
  days?: number;
  /** Multiplies the background traffic, not the situations. Default 1. */
  scale?: number;
  /** Only the background: nothing in it should be found. */
  cleanOnly?: boolean;
  onProgress?: (progress: DeliveryProgress) => void;
}

export const demoTruthFile = 'keymeter-demo-truth.json';
export const demoConfigFile = 'keymeter-demo-config.json';

/** The situations refer to each other over days: with fewer they would fall on one another. */
const daysLeast = 14;
const daysMost = 366;

/**
 * Writes the demo trail into `directory`: a CloudTrail bucket under `AWSLogs/`, the config that its
 * quotas need, and the truth of what was planted, counted from the plan and not from the files.
 *
 * Throws `demo_days` for a number of days it cannot fill and `demo_directory_in_use` for a directory
 * that holds anything but an earlier demo trail.
 */
export async function generateDemoTrail(
  directory: string,
  options: DemoOptions = {},
): Promise<DemoTruth> {
  const { seed = 1, days = 30, scale = 1, cleanOnly = false } = options;
  const least = cleanOnly ? 1 : daysLeast;
  if (!Number.isInteger(days) || days < least || days > daysMost) {
    throw new KeymeterError('demo_days', `A demo trail of ${days} days cannot be made.`, {
      fix: `Ask for ${least} to ${daysMost} whole days.`,
    });
  }
  await emptyDemoDirectory(directory);
  const overrides = cleanOnly ? [] : quotaOverrides;
  // First of all, as the mark by which the next run knows an unfinished demo trail for its own.
  await writeJson(join(directory, demoConfigFile), { quotaOverrides: overrides, names: demoNames });
  const plan = new Plan({ seed, days, scale });
  const situations = cleanOnly ? {} : plantSituations(plan);
  plantBackground(plan);

  const files = layFiles(plan);
  await writeFiles(directory, files, seed, options.onProgress);
  const decoys = await writeDecoys(directory);
  const truth: DemoTruth = {
    seed,
    scale,
    clean_only: cleanOnly,
    totals: { files: files.length, ...tally(plan) },
    not_logs: decoys,
    quota_overrides: overrides,
    situations,
  };
  await writeJson(join(directory, demoTruthFile), truth);
  return truth;
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Removes an earlier demo trail and nothing else. */
async function emptyDemoDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const ours = new Set(['AWSLogs', demoTruthFile, demoConfigFile]);
  const names = await readdir(directory);
  const stranger = names.find((name) => !ours.has(name));
  const notOurs = names.includes('AWSLogs') && !names.includes(demoConfigFile);
  if (stranger !== undefined || notOurs) {
    throw new KeymeterError(
      'demo_directory_in_use',
      `${directory} holds ${stranger ?? 'an AWSLogs folder that is not a demo trail'}; the demo trail would be mixed into it.`,
      { fix: 'Name an empty or a new directory.' },
    );
  }
  for (const name of names) await rm(join(directory, name), { recursive: true });
}
