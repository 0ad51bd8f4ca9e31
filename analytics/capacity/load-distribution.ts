/** How many bins (active seconds, or windows that start at one) had so many calls. */
export interface Bin {
  offered: number;
  accepted: number;
  bins: number;
  /** First bin of this kind, seconds since the epoch. */
  first_at: number;
  last_at: number;
}

/** What a quota's page says about the distribution of its load over active bins. */
export interface Distribution {
  active: number;
  offered_calls_peak: number;
  offered_peak_at: number;
  accepted_calls_peak: number;
  accepted_peak_at: number;
  accepted_p99: number;
  accepted_p999: number;
  offered_p99: number;
  offered_p999: number;
  first_at: number;
  last_at: number;
}

/** Exact distribution figures of a non-empty histogram; of equal peaks the first counts. */
export function distribution(bins: readonly Bin[]): Distribution {
  const offered = peakOf(bins, 'offered');
  const accepted = peakOf(bins, 'accepted');
  const acceptedRank = nearestRank(bins, 'accepted');
  const offeredRank = nearestRank(bins, 'offered');
  return {
    active: bins.reduce((sum, bin) => sum + bin.bins, 0),
    offered_calls_peak: offered.calls,
    offered_peak_at: offered.at,
    accepted_calls_peak: accepted.calls,
    accepted_peak_at: accepted.at,
    accepted_p99: acceptedRank(99, 100),
    accepted_p999: acceptedRank(999, 1000),
    offered_p99: offeredRank(99, 100),
    offered_p999: offeredRank(999, 1000),
    first_at: bins.reduce((least, bin) => Math.min(least, bin.first_at), Number.POSITIVE_INFINITY),
    last_at: bins.reduce((most, bin) => Math.max(most, bin.last_at), Number.NEGATIVE_INFINITY),
  };
}

function peakOf(bins: readonly Bin[], measure: 'offered' | 'accepted') {
  let calls = -1;
  let at = 0;
  for (const bin of bins) {
    if (bin[measure] > calls || (bin[measure] === calls && bin.first_at < at)) {
      calls = bin[measure];
      at = bin.first_at;
    }
  }
  return { calls, at };
}

/** Nearest rank: the smallest count that at least part/whole of the bins do not exceed. */
function nearestRank(bins: readonly Bin[], measure: 'offered' | 'accepted') {
  const sorted = [...bins].sort((a, b) => a[measure] - b[measure]);
  const total = bins.reduce((sum, bin) => sum + bin.bins, 0);
  return (part: number, whole: number): number => {
    // Whole numbers throughout: 0.999 * n in floating point can step over a rank.
    const rank = Math.ceil((total * part) / whole);
    let seen = 0;
    for (const bin of sorted) {
      seen += bin.bins;
      if (seen >= rank) return bin[measure];
    }
    return sorted.at(-1)?.[measure] ?? 0;
  };
}

/** Bins whose accepted calls are at least so many percent of the limit. */
export function binsAtPercent(bins: readonly Bin[], limit_calls: number, percent: number): number {
  return sumBins(bins, (bin) => bin.accepted * 100 >= percent * limit_calls);
}

/** Bins with more accepted calls than the limit allows. */
export function binsOver(bins: readonly Bin[], limit_calls: number): number {
  return sumBins(bins, (bin) => bin.accepted > limit_calls);
}

function sumBins(bins: readonly Bin[], wanted: (bin: Bin) => boolean): number {
  return bins.reduce((sum, bin) => sum + (wanted(bin) ? bin.bins : 0), 0);
}

/** Calls of one active second, seconds since the epoch. */
export interface ActiveSecond {
  second: number;
  offered: number;
  accepted: number;
}

/** One bin for each window [t, t + width) that starts at an active second t; seconds in order. */
export function slidingWindows(seconds: readonly ActiveSecond[], width_seconds: number): Bin[] {
  const windows: Bin[] = [];
  let offered = 0;
  let accepted = 0;
  let end = 0;
  for (const start of seconds) {
    while (end < seconds.length && seconds[end]!.second < start.second + width_seconds) {
      offered += seconds[end]!.offered;
      accepted += seconds[end]!.accepted;
      end++;
    }
    windows.push({ offered, accepted, bins: 1, first_at: start.second, last_at: start.second });
    offered -= start.offered;
    accepted -= start.accepted;
  }
  return windows;
}
