import { statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Engine } from '../../store/engine.ts';
import type { ApiOptions } from '../options.ts';
import { single, type MetricFamily } from './family.ts';

const loopDelay = monitorEventLoopDelay({ resolution: 20 });
loopDelay.enable();

/** The process, as it is now. */
export function processMetrics(): MetricFamily[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  const lag_s = loopDelay.percentile(99) / 1e9;
  loopDelay.reset();
  return [
    single(
      'counter',
      'process_cpu_seconds_total',
      'CPU time, user and system',
      (user + system) / 1e6,
    ),
    single(
      'gauge',
      'process_start_time_seconds',
      'start of the process',
      Math.round(Date.now() / 1000 - process.uptime()),
    ),
    single('gauge', 'process_resident_memory_bytes', 'resident memory', rss),
    single('gauge', 'nodejs_heap_used_bytes', 'heap of V8 in use', heapUsed),
    single('gauge', 'nodejs_external_memory_bytes', 'memory outside the heap of V8', external),
    single(
      'gauge',
      'nodejs_eventloop_lag_p99_seconds',
      '99th percentile of the delay of the event loop since the last scrape',
      Number.isFinite(lag_s) ? lag_s : null,
    ),
  ];
}

/** What the ingest of this process does now. */
export function ingestStateMetrics(options: ApiOptions): MetricFamily[] {
  const now = options.ingestStatus?.() ?? { state: 'idle' };
  const states = ['idle', 'running', 'done', 'failed'];
  return [
    {
      name: 'keymeter_ingest_state',
      help: '1 for the state that the ingest of this process is in',
      type: 'gauge',
      labels: ['state'],
      rows: states.map((state) => ({ state, value: state === now.state ? 1 : 0 })),
    },
    single(
      'gauge',
      'keymeter_ingest_pending_objects',
      'objects that the running ingest has found and not yet read',
      now.state === 'running' && now.objects_total != null
        ? Math.max(0, now.objects_total - (now.objects_done ?? 0))
        : 0,
    ),
  ];
}

/** The database's file and the disk under it; nothing for an engine without a file. */
export async function diskMetrics({ database }: ApiOptions): Promise<MetricFamily[]> {
  const file = database?.replace(/^duckdb:/, '');
  const size = file === undefined ? null : sizeOf(file);
  if (file === undefined || size === null) return [];
  const disk = await statfs(path.dirname(path.resolve(file)));
  return [
    single('gauge', 'keymeter_database_size_bytes', 'size of the database file', size),
    single(
      'gauge',
      'keymeter_database_wal_size_bytes',
      'size of its write-ahead log',
      sizeOf(`${file}.wal`) ?? 0,
    ),
    single('gauge', 'keymeter_disk_free_bytes', 'free for keymeter', disk.bavail * disk.bsize),
    single('gauge', 'keymeter_disk_size_bytes', 'of the disk', disk.blocks * disk.bsize),
  ];
}

function sizeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.size ?? null;
}

/** DuckDB's memory, as DuckDB counts it. Rejects for other engines. */
export async function duckDbMetrics(engine: Engine, signal: AbortSignal): Promise<MetricFamily[]> {
  const [row] = await engine.rows(
    `SELECT CAST(sum(memory_usage_bytes) AS BIGINT) AS memory,
      CAST(sum(temporary_storage_bytes) AS BIGINT) AS spilled FROM duckdb_memory()`,
    {},
    { signal },
  );
  return [
    single('gauge', 'keymeter_duckdb_memory_bytes', 'memory that DuckDB uses', row?.['memory']),
    single(
      'gauge',
      'keymeter_duckdb_temporary_storage_bytes',
      'disk that DuckDB uses for what does not fit into memory',
      row?.['spilled'],
    ),
  ];
}
