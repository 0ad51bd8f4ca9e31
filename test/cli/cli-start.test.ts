import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { analyses } from '../../analytics/registry.ts';
import { commandEntries } from '../../cli/commands.ts';
import { allCommands, buildProgram } from '../../cli/program.ts';
import { kmsRecord, logOf, put } from '../support/kms-records.ts';

const root = path.resolve(import.meta.dirname, '../..');
const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-start-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Runs the built program; gives what it wrote and its exit code. */
async function keymeter(...words: string[]) {
  const program = path.join(root, 'dist/cli/main.js');
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...words]);
    return { stdout, stderr, code: 0 };
  } catch (error) {
    return error as { stdout: string; stderr: string; code: number };
  }
}

describe('the built program', () => {
  it('says its version', async () => {
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(await keymeter('--version')).toEqual({ stdout: `${version}\n`, stderr: '', code: 0 });
  });

  it('has every analysis that the folders of the topics have', async () => {
    const { stdout } = await keymeter('run', '--help');
    const listed = [...stdout.matchAll(/^ {2}([a-z-]+) \[options\]/gm)].map((match) => match[1]);
    expect(listed).toEqual([...(await analyses()).keys()]);
  });

  it("reads the demo's database where only that one is, and says so", async () => {
    const folder = path.join(scratch, 'demo');
    const logs = path.join(folder, 'logs');
    put(logs, 'a.json.gz', logOf([kmsRecord('a')]));
    const program = path.join(root, 'dist/cli/main.js');
    const run = (...words: string[]) =>
      promisify(execFile)(process.execPath, [program, ...words], { cwd: folder });
    await run('ingest', 'logs', '--db', 'keymeter-demo.duckdb');
    const words = ['run', 'key-usage', '--format', 'json'];
    const demo = await run(...words);
    expect(JSON.parse(demo.stdout)).toMatchObject({ rows: [{ calls: 1 }] });
    expect(demo.stderr).toContain("the demo's keymeter-demo.duckdb is read");
    await run('ingest', 'logs');
    expect((await run(...words)).stderr).toBe('');
    await expect(run(...words, '--db', 'other.duckdb')).rejects.toMatchObject({ code: 1 });
  });

  it('says that the database cannot be opened, while its readers still load', async () => {
    const logs = path.join(scratch, 'logs');
    put(logs, 'a.json.gz', logOf([kmsRecord('a')]));
    const db = path.join(scratch, 'nowhere', 'a.duckdb');
    for (const workers of ['1', '2', '8']) {
      const { code, stdout, stderr } = await keymeter(
        'ingest',
        logs,
        '--db',
        db,
        '--workers',
        workers,
      );
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(`there is no directory ${path.dirname(db)} for ${db}`);
      expect(stderr).toContain('[database_folder_missing]');
    }
    expect(existsSync(path.dirname(db))).toBe(false);
  });
});

describe('a call', () => {
  it('loads only the command that it names; the others stand for their names', async () => {
    const program = await buildProgram(['export', '--format', 'csv']);
    const loaded = program.commands.filter((command) => command.options.length > 0);
    expect(loaded.map((command) => command.name())).toEqual(['export']);
    expect(program.commands.map((command) => command.name())).toEqual(
      commandEntries.map(({ name }) => name),
    );
  });

  it('loads only the analysis that it names', async () => {
    const namesUnder = (program: Awaited<ReturnType<typeof buildProgram>>) => {
      const run = program.commands.find((command) => command.name() === 'run')!;
      return run.commands.map((command) => command.name());
    };
    expect(namesUnder(await buildProgram(['run', 'key-cost', '--db', 'x']))).toEqual(['key-cost']);
    const all = [...(await analyses()).keys()];
    expect(namesUnder(await buildProgram(['run', '--help']))).toEqual(all);
    expect(namesUnder(await buildProgram(['run', 'ky-cost']))).toEqual(all);
  });

  it('names every command and describes it, whether it is loaded or not', async () => {
    const listed = (program: Awaited<ReturnType<typeof buildProgram>>) => program.helpInformation();
    expect(listed(await buildProgram([]))).toBe(listed(await buildProgram()));
    for (const command of allCommands(await buildProgram())) {
      expect(command.description(), command.name()).not.toBe('');
    }
  });
});
