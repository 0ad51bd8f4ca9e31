import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded before a side's own code (`node --import`): at its end the process writes what all its threads
 * took, by the kernel's account, to the file that KEYMETER_BENCH_USAGE names.
 */
const file = process.env['KEYMETER_BENCH_USAGE'];
if (isMainThread && file) {
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    writeFileSync(file, JSON.stringify({ cpu_us: userCPUTime + systemCPUTime, rss_kib: maxRSS }));
  });
}
