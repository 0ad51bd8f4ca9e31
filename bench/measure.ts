import type { Run } from './child.ts';
import type { DataSet } from './data.ts';
import { runSide, type Places, type SideName } from './sides.ts';

export interface Measured {
  data: DataSet;
  runs: Partial<Record<SideName, Run[]>>;
}

/** A side whose run takes longer is run in fewer rounds: the whole must end within half an hour. */
const long_run_s = 40;
const long_run_rounds = 3;

/** All sides in turn on the same files, round by round, after a first reading that warms the cache. */
export async function measure(
  data: DataSet,
  sides: readonly SideName[],
  rounds: number,
  places: Places,
): Promise<Measured> {
  const runs: Measured['runs'] = Object.fromEntries(sides.map((side) => [side, []]));
  await runSide('floor', data, places);
  for (let round = 0; round < rounds; round++) {
    // Another side begins in each round, so that none always comes after the same one.
    const turn = sides.map((_, i) => sides[(i + round) % sides.length]!);
    for (const side of turn) {
      const done = runs[side]!;
      if (round >= long_run_rounds && (done[0]?.wall_s ?? 0) > long_run_s) continue;
      const run = await runSide(side, data, places);
      done.push(run);
      console.log(
        `${data.name} ${round + 1}/${rounds} ${side}: ${run.wall_s.toFixed(2)} s, CPU ${run.cpu_s.toFixed(2)} s`,
      );
    }
  }
  return { data, runs };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

/** How many times longer `a` took than `b`: the ratio of the medians, of wall or processor time. */
export function ratio(
  measured: Measured,
  a: SideName,
  b: SideName,
  of: 'wall_s' | 'cpu_s',
): number {
  const middle = (side: SideName) => median(measured.runs[side]!.map((run) => run[of]));
  return middle(a) / middle(b);
}
