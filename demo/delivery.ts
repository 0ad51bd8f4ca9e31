import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import pLimit from 'p-limit';
import { renderEvent, type PlannedEvent } from './event.ts';
import { isoSecond, organisationId } from './organisation.ts';
import type { Plan } from './plan.ts';
import { hash32, Rng } from './rng.ts';
import { isDoubled } from './tally.ts';

export interface DeliveryProgress {
  files_written: number;
  files_total: number;
}

interface LogFile {
  path: string;
  events: PlannedEvent[];
}

/** CloudTrail collects for about five minutes. */
const slotSeconds = 300;
/** Above this, a slot always comes as several files. */
const eventsPerFileMost = 600;
const filesAtOnce = 8;

const gzipAsync = promisify(gzip);

/** The log files of a plan, in a fixed order: the second trail's copies stand in files of their own. */
export function layFiles(plan: Plan): LogFile[] {
  const groups = new Map<string, PlannedEvent[]>();
  const put = (event: PlannedEvent, trail: number): void => {
    const slot = Math.floor(event.at / slotSeconds);
    const late = event.publishedAfter ?? 0;
    const name = `${event.recipient}/${event.region}/${slot}/${late}/${trail}`;
    const group = groups.get(name);
    if (group) group.push(event);
    else groups.set(name, [event]);
  };
  for (const event of plan.events) {
    put(event, 1);
    if (isDoubled(plan, event)) put(event, 2);
  }
  return [...groups].flatMap(([name, events]) => filesOfSlot(plan, name, events));
}

function filesOfSlot(plan: Plan, name: string, events: PlannedEvent[]): LogFile[] {
  const rng = new Rng(hash32(name, plan.seed));
  const [account = '', region = '', slot = 0, late = 0] = name.split('/');
  let count = Math.ceil(events.length / eventsPerFileMost);
  if (events.length > 40) count += rng.between(0, 2);
  const files = Array.from({ length: count }, () => {
    // The stamp trails the events by up to ten minutes; the path's date is the stamp's.
    const published = (Number(slot) + 1) * slotSeconds + rng.between(0, 4) * 60 + Number(late);
    return { path: logPath(account, region, published, rng), events: [] as PlannedEvent[] };
  });
  // Files of one slot differ much in size, the first takes most; where files are full they are alike.
  const skew = events.length > eventsPerFileMost ? 1 : 2;
  for (const event of events) {
    const index = Math.floor(rng.real() ** skew * count);
    files[index]?.events.push(event);
  }
  const filled = files.filter((file) => file.events.length > 0);
  for (const file of filled) if (rng.chance(0.5)) rng.shuffle(file.events);
  return filled;
}

function logPath(account: string, region: string, published: number, rng: Rng): string {
  const iso = isoSecond(published);
  const [year, month, day] = iso.slice(0, 10).split('-');
  const stamp = `${iso.slice(0, 16).replaceAll(/[-:]/g, '')}Z`;
  const file = `${account}_CloudTrail_${region}_${stamp}_${rng.alphanumeric(16)}.json.gz`;
  return `AWSLogs/${organisationId}/${account}/CloudTrail/${region}/${year}/${month}/${day}/${file}`;
}

/** Writes the files under `directory`; the same plan gives the same bytes. */
export async function writeFiles(
  directory: string,
  files: readonly LogFile[],
  seed: number,
  onProgress?: (progress: DeliveryProgress) => void,
): Promise<void> {
  const folders = new Set(files.map((file) => dirname(file.path)));
  for (const folder of folders) await mkdir(join(directory, folder), { recursive: true });
  const limit = pLimit(filesAtOnce);
  let written = 0;
  await limit.map(files, async (file) => {
    const records = file.events.map((event) => renderEvent(event, seed)).join(',');
    await writeGzip(join(directory, file.path), `{"Records":[${records}]}`);
    written += 1;
    onProgress?.({ files_written: written, files_total: files.length });
  });
}

export async function writeGzip(path: string, text: string): Promise<void> {
  const packed = await gzipAsync(text, { level: 6 });
  // zlib writes the operating system here; one value everywhere keeps the bytes the same.
  packed[9] = 3;
  await writeFile(path, packed);
}
