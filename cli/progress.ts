import cliProgress from 'cli-progress';
import type { IngestSummary } from '../ingest/summary.ts';

/** Plain lines come no more often than this when stderr is no terminal. */
const line_interval_ms = 5_000;

export interface Progress {
  /** Rows that were derived again before the ingest begins, of all. */
  rederive(done: number, all: number): void;
  update(summary: Readonly<IngestSummary>): void;
  stop(): void;
}

/** Objects, rates and errors of a running ingest on stderr: a bar on a terminal, else plain lines. */
export function showProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  const started = Date.now();
  return stream.isTTY ? bar(stream, started) : lines(stream, started);
}

/** What a person wants to know while it runs. */
export function progressFacts(summary: Readonly<IngestSummary>, elapsed_ms: number) {
  const seconds = Math.max(elapsed_ms, 1) / 1_000;
  const per = (count: number) => Math.round(count / seconds).toLocaleString('en-US');
  return {
    objects: summary.objects_new,
    listed: summary.objects_listed - summary.objects_known,
    megabytes: (summary.bytes_read / 1e6).toFixed(1),
    objectsPerSecond: per(summary.objects_new),
    recordsPerSecond: per(summary.records_total),
    kmsPerSecond: per(summary.inserted + summary.duplicate),
    errors: summary.objects_dead + summary.objects_pending + summary.rejected,
  };
}

const rederiveText = (done: number, all: number) =>
  `the rules have changed: derived again ${done} of ${all} distinct calls, callers, clients, keys and actions`;

function bar(stream: NodeJS.WriteStream, started: number): Progress {
  const format =
    '{bar} {value}/{total} objects | {megabytes} MB | {recordsPerSecond} records/s | {kmsPerSecond} KMS/s | {errors} errors | ETA {eta_formatted}';
  const single = new cliProgress.SingleBar(
    { format, stream, hideCursor: true, clearOnComplete: true, etaBuffer: 50 },
    cliProgress.Presets.shades_classic,
  );
  let running = false;
  return {
    rederive(done, all) {
      stream.write(`\r${rederiveText(done, all)}${done === all ? '\n' : ''}`);
    },
    update(summary) {
      const facts = progressFacts(summary, Date.now() - started);
      if (!running) single.start(facts.listed, 0, facts);
      running = true;
      single.setTotal(facts.listed);
      single.update(facts.objects, facts);
    },
    stop() {
      if (running) single.stop();
    },
  };
}

function lines(stream: NodeJS.WriteStream, started: number): Progress {
  let last = 0;
  return {
    rederive(done, all) {
      if (done === all) stream.write(`${rederiveText(done, all)}\n`);
    },
    update(summary) {
      const now = Date.now();
      if (now - last < line_interval_ms) return;
      last = now;
      const f = progressFacts(summary, now - started);
      stream.write(
        `${f.objects}/${f.listed} objects, ${f.megabytes} MB, ${f.objectsPerSecond} objects/s, ${f.recordsPerSecond} records/s, ${f.kmsPerSecond} KMS events/s, ${f.errors} errors\n`,
      );
    },
    stop() {},
  };
}
