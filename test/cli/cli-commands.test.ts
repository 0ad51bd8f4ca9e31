import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkNode } from '../../cli/doctor-checks.ts';
import { rawRecordReader } from '../../cli/raw-reader.ts';
import { nearest } from '../../cli/nearest.ts';
import { relatedEventNames } from '../../reference/related-events.ts';
import { openDatabase } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { demoDatabase, type DemoDatabase } from '../support/demo-database.ts';
import { commandLine } from '../support/run-command-line.ts';
import { writeCopy } from '../support/digest-trail.ts';
import { fresh, isoAt, plan, publicKeys } from '../support/verify-run.ts';
import { savePublicKeys } from '../../verify/public-keys.ts';
import { rawRequest, withServer } from '../support/server.ts';
import { readTrail, type RawRecord } from '../support/trail-reader.ts';

let demo: DemoDatabase;
let records: RawRecord[];
let events: RawRecord[];

beforeAll(async () => {
  demo = await demoDatabase(2);
  records = readTrail(demo.trail).flatMap((file) => file.records);
  const kms = records.filter((record) => record.eventSource === 'kms.amazonaws.com');
  events = [...new Map(kms.map((record) => [record.eventID, record])).values()];
});
afterAll(() => demo.remove());

const inDemo = (...words: string[]) => commandLine(...words, '--db', demo.database);
const target = (name: string) => path.join(demo.directory, name);

async function query(sql: string) {
  const { stdout } = await inDemo('sql', sql, '--format', 'json');
  return JSON.parse(stdout) as Record<string, unknown>[];
}

describe('export', () => {
  it('writes every event as Parquet, which reads back with the same columns and sums', async () => {
    const out = target('events.parquet');
    await inDemo('export', 'kms_events', '--out', out);
    const whole = 'count(*) AS n, count_if(counted) AS calls, count(DISTINCT key_arn) AS keys';
    const [stored] = await query(`SELECT ${whole} FROM kms_events`);
    expect(stored!['n']).toBe(events.length);
    const database = await openDatabase(':memory:');
    const engine = new DuckDbEngine(database);
    try {
      const [read] = await engine.rows(`SELECT ${whole} FROM read_parquet('${out}')`);
      expect(read).toEqual(stored);
      const types = await engine.rows(
        `SELECT DISTINCT compression FROM parquet_metadata('${out}')`,
      );
      expect(types).toEqual([{ compression: 'ZSTD' }]);
    } finally {
      engine.close();
      database.close();
    }
    expect(existsSync(`${out}.part`)).toBe(false);
  });

  it('writes a folder for each day, and never mixes with what is there', async () => {
    const out = target('lake');
    await inDemo('export', '--partition-by', 'day', '--out', out);
    const days = new Set(events.map((event) => `day=${event.eventTime.slice(0, 10)}`));
    expect(readdirSync(out).sort()).toEqual([...days].sort());
    await expect(inDemo('export', '--partition-by', 'day', '--out', out)).rejects.toMatchObject({
      code: 'out_not_empty',
      exitCode: 2,
    });
  });

  it('keeps half-open ranges, accounts and Regions', async () => {
    const from = '2026-10-10T00:00:00Z';
    const to = '2026-10-12T00:00:00Z';
    const { stdout } = await inDemo(
      ...['export', '--format', 'ndjson', '--columns', 'event_id,event_time'],
      ...['--from', from, '--to', to, '--region', 'eu-central-1'],
    );
    const ids = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event_id: string }).event_id);
    const wanted = events
      .filter((event) => event.awsRegion === 'eu-central-1')
      .filter((event) => event.eventTime >= from && event.eventTime < to)
      .map((event) => event.eventID);
    expect(ids.sort()).toEqual(wanted.sort());
  });

  it('writes CSV without formulas, one header, all rows', async () => {
    const out = target('events.csv');
    await inDemo('export', '--format', 'csv', '--columns', 'event_id,user_agent', '--out', out);
    const text = readFileSync(out, 'utf8');
    expect(text.match(/event_id,user_agent/g)).toHaveLength(1);
    expect(text).not.toMatch(/^[^,\n]{36},"?[=+@]/m);
    const ids = new Set(text.match(/^[0-9a-f-]{36}(?=,)/gm));
    expect(ids.size).toBe(events.length);
  });

  it('names the columns when one is wrong', async () => {
    await expect(inDemo('export', '--format', 'csv', '--columns', 'key')).rejects.toMatchObject({
      code: 'unknown_column',
      fix: expect.stringContaining('key_arn'),
    });
  });
});

describe('raw', () => {
  it('prints the very record of the file', async () => {
    for (const event of events.slice(0, 3)) {
      const { stdout } = await inDemo('raw', event.eventID);
      expect(JSON.parse(stdout)).toEqual(event);
    }
    const { stdout } = await inDemo('raw', events[0]!.eventID, '--format', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ matches_ledger: true, record: events[0]! });
  });

  it('is served by the API', async () => {
    const database = await openDatabase(demo.database, { readOnly: true });
    const engine = new DuckDbEngine(database);
    const [row] = await engine.rows(
      `SELECT object_id, record_index FROM kms_events WHERE event_id = $id`,
      { id: events[5]!.eventID },
    );
    const search = `object_id=${row!['object_id']}&record_index=${row!['record_index']}`;
    try {
      await withServer(
        engine,
        async (server) => {
          const answer = await rawRequest(server.port, `/api/v1/raw?${search}`);
          expect(answer.status, answer.text).toBe(200);
          expect(answer.json().record).toEqual(events[5]!);
        },
        { rawRecord: rawRecordReader(engine, {}) },
      );
    } finally {
      engine.close();
      database.close();
    }
  });

  it('refuses a file that was changed since, even under its old time', async () => {
    const event = events.at(-1)!;
    const { stdout } = await inDemo('raw', event.eventID, '--format', 'json');
    const file = (JSON.parse(stdout) as { location: string }).location;
    const [kept, size] = [readFileSync(file), readFileSync(file).length];
    const { version } = (
      await query(`SELECT version FROM ingest_objects WHERE key = '${file}'`)
    )[0] as { version: string };
    const forged = gzipSync(
      gunzipSync(kept).toString().replaceAll('"eventVersion":"1.1', '"eventVersion":"1.9'),
    );
    // The same size and time, so that only the hash can tell.
    if (forged.length <= size) {
      writeFileSync(file, Buffer.concat([forged, Buffer.alloc(size - forged.length)]));
      const seconds = Number(BigInt(version) / 1_000_000_000n);
      utimesSync(file, seconds, seconds);
    } else writeFileSync(file, forged);
    await expect(inDemo('raw', event.eventID)).rejects.toMatchObject({
      code: expect.stringMatching(/^raw_(changed|unavailable)$/),
    });
    writeFileSync(file, kept);
  });

  it('says when an event is not stored', async () => {
    await expect(inDemo('raw', 'no-such-event')).rejects.toMatchObject({ code: 'event_unknown' });
  });
});

describe('doctor', () => {
  it('finds a healthy demo, and says what its log tells of the trail', async () => {
    const { stdout, exitCode } = await inDemo(
      ...['doctor', demo.trail, '--config', demo.configFile, '--format', 'json'],
    );
    const { checks } = JSON.parse(stdout) as { checks: { check: string; status: string }[] };
    expect(exitCode).toBe(0);
    expect(checks.filter((check) => check.status === 'failed')).toEqual([]);
    // blinded_trail: PutEventSelectors that excludes KMS, then StopLogging.
    expect(checks).toContainEqual(
      expect.objectContaining({ check: 'trail selection', status: 'warning' }),
    );
    expect(checks.map((check) => check.check)).toEqual(
      expect.arrayContaining(['versions', 'disk', 'configuration', 'database', 'access', 'trail']),
    );
  });

  it('fails with a fix for each thing that is wrong', async () => {
    const broken = target('broken.duckdb');
    writeFileSync(broken, 'no database at all');
    const empty = target('empty');
    mkdirSync(empty, { recursive: true });
    const { stdout, exitCode } = await commandLine(
      ...['doctor', target('nowhere'), empty, '--db', broken],
      ...['--config', target('no-config.json'), '--format', 'json'],
    );
    expect(exitCode).toBe(1);
    const { checks } = JSON.parse(stdout) as {
      checks: { check: string; status: string; fix: string }[];
    };
    const failed = checks.filter((check) => check.status === 'failed');
    expect(failed.map((check) => check.check).sort()).toEqual([
      'access',
      'configuration',
      'database',
      'trail',
    ]);
    for (const check of failed) expect(check.fix.length).toBeGreaterThan(10);
  });

  it('refuses an old Node', () => {
    expect(checkNode('20.18.3').status).toBe('failed');
    expect(checkNode('20.19.0').status).toBe('ok');
    expect(checkNode('24.1.0').status).toBe('ok');
  });
});

describe('completion', () => {
  const complete = (script: string, ...words: string[]) =>
    execFileSync(
      'bash',
      [
        '-c',
        `source /dev/stdin <<'SCRIPT'\n${script}\nSCRIPT\nCOMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _keymeter; printf '%s\\n' "\${COMPREPLY[@]}"`,
        'bash',
        ...words,
      ],
      { encoding: 'utf8' },
    )
      .trim()
      .split('\n');

  it('completes commands, analyses, flags and their values in bash', async () => {
    const { stdout: script } = await commandLine('completion', 'bash');
    expect(complete(script, 'keymeter', 'exp')).toEqual(['export']);
    expect(complete(script, 'keymeter', 'run', 'quota-u')).toEqual(['quota-utilisation']);
    expect(complete(script, 'keymeter', 'report', 'sec')).toEqual(['security']);
    expect(complete(script, 'keymeter', 'run', 'call-rates', '--bin', '')).toEqual([
      'second',
      'minute',
      'hour',
      'day',
    ]);
    expect(complete(script, 'keymeter', 'report', '--format', 'h')).toEqual(['html']);
    expect(complete(script, 'keymeter', 'export', '--part')).toEqual(['--partition-by']);
  });

  it('prints a script for zsh and fish that names every command', async () => {
    for (const shell of ['zsh', 'fish']) {
      const { stdout } = await commandLine('completion', shell);
      for (const word of ['quota-utilisation', 'partition-by', 'doctor', 'kms_events']) {
        expect(stdout, shell).toContain(word);
      }
    }
  });
});

describe('a name that is mistyped', () => {
  it('is answered with the nearest one', async () => {
    await expect(commandLine('run', 'quota-utilization')).rejects.toMatchObject({
      code: 'unknown_analysis',
      fix: 'did you mean quota-utilisation?',
    });
    // Commander's own errors go the same way as ours: thrown, and exit code 2 in the end.
    await expect(commandLine('reprot')).rejects.toMatchObject({ code: 'commander.unknownCommand' });
    expect(nearest('reprot', ['report', 'export', 'run'])).toBe('report');
    expect(nearest('zzzzzz', ['report', 'export', 'run'])).toBeNull();
  });
});

describe('events of other services', () => {
  it('are kept as reference/related-events.json says, as often as the files hold them', async () => {
    const kept = relatedEventNames();
    const wanted: Record<string, number> = {};
    for (const { eventSource, eventName } of records) {
      if (!kept.get(eventSource)?.has(eventName)) continue;
      const name = `${eventSource} ${eventName}`;
      wanted[name] = (wanted[name] ?? 0) + 1;
    }
    const rows = await query(
      `SELECT event_source || ' ' || event_name AS name, count(*) AS n FROM related_events GROUP BY 1`,
    );
    expect(Object.fromEntries(rows.map((row) => [row['name'], row['n']]))).toEqual(wanted);
    expect(wanted['cloudtrail.amazonaws.com StopLogging']).toBeGreaterThan(0);
  });
});

describe('verify with a database', () => {
  it('takes hashes of unchanged files from its ledger, and finds what was changed', async () => {
    const { objects, digests } = fresh(plan(2, 1));
    const copy = target('copy');
    await writeCopy(objects, copy);
    const keys = target('keys.json');
    await savePublicKeys(keys, publicKeys.known());
    const db = target('verify.duckdb');
    await commandLine('ingest', copy, '--db', db, '--workers', '1');
    const verify = async () => {
      const flags = ['--keys', keys, '--format', 'json', '--from', isoAt(0), '--to', isoAt(2)];
      const run = await commandLine('verify', copy, '--db', db, ...flags);
      const { summary } = JSON.parse(run.stdout) as { summary: Record<string, unknown> };
      return { summary, exitCode: run.exitCode };
    };
    const whole = await verify();
    expect(whole.summary).toMatchObject({ log_files_total: 3, log_files_from_ledger: 3 });
    const file = path.join(copy, digests[0]!.logKeys[0]!);
    writeFileSync(file, gzipSync('{"Records":[]}'));
    const changed = await verify();
    expect(changed.summary).toMatchObject({ outcome: 'invalid', log_files_from_ledger: 2 });
    expect(changed.exitCode).toBe(1);
  });
});
