import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { loadConfig } from '../../cli/load-config.ts';
import { manifestCommand } from '../../cli/manifest-command.ts';
import { openDatabase } from '../../store/database.ts';
import { event, store } from '../support/events.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-config-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const file = (name: string, content: unknown) => {
  const full = path.join(scratch, name);
  writeFileSync(full, typeof content === 'string' ? content : JSON.stringify(content));
  return full;
};

test('prices, inventory and a bill come from files of their own, before those of the configuration', async () => {
  const config = await loadConfig({
    config: file('keymeter.json', {
      priceOverrides: [{ class_id: 'symmetric', usd_per_10k: 9 }],
      keyInventory: [{ arn: 'k0' }],
    }),
    prices: file('prices.json', [{ class_id: 'symmetric', region: 'r', usd_per_10k: 1 }]),
    inventory: file('keys.json', { Keys: [{ KeyMetadata: { Arn: 'k1', KeyManager: 'AWS' } }] }),
    billing: file(
      'bill.csv',
      'ServiceName,x_UsageType,RegionId,ConsumedQuantity,BilledCost,ChargePeriodStart,ChargePeriodEnd\nawskms,EU-KMS-Requests,eu-west-1,5,1,2026-10-01,2026-10-02\n',
    ),
  });
  expect(config.priceOverrides.map((price) => price.usd_per_10k)).toEqual([1, 9]);
  expect(config.keyInventory.map((key) => key.arn)).toEqual(['k0', 'k1']);
  expect(config.billing).toMatchObject([{ region: 'eu-west-1', quantity: 5 }]);
  await expect(loadConfig({ prices: file('no.json', '{"a":1}') })).rejects.toMatchObject({
    code: 'prices_invalid',
  });
  await expect(loadConfig({ inventory: file('no.txt', 'x') })).rejects.toMatchObject({
    code: 'inventory_invalid',
  });
});

test('keymeter manifest writes what pays', async () => {
  const db = path.join(scratch, 'm.duckdb');
  const database = await openDatabase(db);
  const start = Date.parse('2026-10-05T00:00:00Z') / 1000;
  const read = (second: number, object: string) =>
    event({
      event_time: start + second,
      context_kind: 's3',
      s3_bucket: 'data',
      s3_context_is_bucket: false,
      resource_arn: `arn:aws:s3:::data/${object}`,
    });
  await store(
    database,
    Array.from({ length: 300 }, (_, i) => read(i, 'a b')).concat(read(0, 'once')),
  );
  database.close();
  const out = path.join(scratch, 'manifest.csv');
  const prices = file('dear.json', [{ class_id: 'symmetric', usd_per_10k: 1_000 }]);
  await manifestCommand().parseAsync(
    ['--db', db, '--bucket', 'data', '--out', out, '--prices', prices],
    { from: 'user' },
  );
  expect(readFileSync(out, 'utf8')).toBe('data,a%20b\n');
});

test('the command line knows the commands', async () => {
  const main = path.join(import.meta.dirname, '../../dist/cli/main.js');
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--help']);
  expect(stdout).toContain('manifest');
  expect(stdout).toContain('keys');
});
