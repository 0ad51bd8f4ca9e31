import { createServer, type Server } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { appliedQuotas, mergeOverrides } from '../../analytics/capacity/applied-quotas.ts';
import {
  constantPeriods,
  quotaValueAt,
  quotaWindow,
} from '../../analytics/capacity/quota-values.ts';
import { quotasCommand } from '../../cli/quotas-command.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-quotas-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** An entry as Service Quotas answers it. */
const entry = (QuotaCode: string, QuotaName: string, Value: number, more = {}) => ({
  ServiceCode: 'kms',
  ServiceName: 'AWS Key Management Service (AWS KMS)',
  QuotaArn: `arn:aws:servicequotas:eu-central-1:111111111111:kms/${QuotaCode}`,
  QuotaCode,
  QuotaName,
  Value,
  Unit: 'None',
  Adjustable: true,
  GlobalQuota: false,
  ...more,
});

const read = { as_of: '2026-10-05', source: 'test' };

test('quotas are known by their code, and by name where no code is published', () => {
  const answer = {
    Quotas: [
      entry('L-6E3AF000', 'Cryptographic operations (symmetric) request rate', 45_000, {
        Period: { PeriodValue: 1, PeriodUnit: 'SECOND' },
      }),
      entry('L-00000001', 'GetPublicKey  Request Rate', 3_000),
      entry('L-00000002', 'GenerateDataKeyPair (SM2 - China Regions only) request rate', 1_500, {
        Period: { PeriodValue: 1, PeriodUnit: 'MINUTE' },
      }),
      entry('L-00000003', 'Grants per KMS key', 50_000),
    ],
  };
  const place = { account_id: '111111111111', region: 'eu-central-1' };
  expect(appliedQuotas(answer, {}, read)).toEqual({
    overrides: [
      { ...place, quota_id: 'crypto_symmetric', value: 45_000, ...read },
      { ...place, quota_id: 'op_GetPublicKey', value: 3_000, ...read },
      { ...place, quota_id: 'gdkp_sm2', value: 25, ...read },
    ],
    others: ['Grants per KMS key'],
  });
  const nameless = [{ QuotaCode: 'L-6E3AF000', Value: 7 }];
  expect(appliedQuotas(nameless, { region: 'us-east-1' }, read).overrides).toEqual([
    { region: 'us-east-1', quota_id: 'crypto_symmetric', value: 7, ...read },
  ]);
  expect(() => appliedQuotas({ Buckets: [] }, {}, read)).toThrow();
  expect(() => appliedQuotas([{ QuotaCode: 'L-6E3AF000', Value: 0 }], {}, read)).toThrow(/value 0/);
});

test('a fresh value takes the place of the former one of the same account and Region', () => {
  const value = (region: string, n: number) => ({ region, quota_id: 'crypto_rsa', value: n });
  expect(mergeOverrides([value('a', 1), value('b', 2)], [value('b', 3)])).toEqual([
    value('a', 1),
    value('b', 3),
  ]);
});

test('the most specific override holds, and of equal ones the last', () => {
  const overrides = [
    { quota_id: 'crypto_rsa', value: 1 },
    { quota_id: 'crypto_rsa', region: 'r', value: 2 },
    { quota_id: 'crypto_rsa', account_id: 'a', value: 3 },
    { quota_id: 'crypto_rsa', account_id: 'a', region: 'r', value: 4 },
    { quota_id: 'crypto_rsa', account_id: 'a', region: 'r', value: 5 },
  ];
  const at = (account: string, region: string) =>
    quotaValueAt('crypto_rsa', account, region, new Date(), overrides).limit_per_second;
  expect([at('a', 'r'), at('a', 'x'), at('x', 'r'), at('x', 'x')]).toEqual([5, 3, 2, 1]);
  expect(quotaValueAt('unknown', 'a', 'r', new Date(), [])).toMatchObject({
    limit_per_second: null,
    basis: 'unknown',
  });
});

test('a quota below one a second has the shortest window of whole calls', () => {
  const windows = [0.5, 0.1, 0.25, 0.3, 0.75, 1, 2.5, 20].map(quotaWindow);
  expect(windows.map((w) => [w.window_seconds, w.limit_calls])).toEqual([
    [2, 1],
    [10, 1],
    [4, 1],
    [10, 3],
    [4, 3],
    [1, 1],
    [1, 2.5],
    [1, 20],
  ]);
});

test('a range is cut where a default changes within the data, and nowhere else', () => {
  const day = (text: string) => new Date(`${text}T00:00:00Z`);
  const cuts = (first: string, last: string, range = { from: null, to: null }) =>
    constantPeriods(range, { first: day(first), last: day(last) }).map(
      ({ from, to }) => `${from?.toISOString().slice(0, 10)}..${to?.toISOString().slice(0, 10)}`,
    );
  expect(cuts('2024-01-01', '2026-01-01')).toEqual(['undefined..undefined']);
  expect(cuts('2022-03-31', '2022-04-01')).toEqual([
    'undefined..2022-04-01',
    '2022-04-01..undefined',
  ]);
  expect(cuts('2022-04-01', '2022-04-02')).toEqual(['undefined..undefined']);
});

test('import keeps the rest of the configuration, show tells the value and its source', async () => {
  const config = path.join(scratch, 'keymeter.json');
  const file = path.join(scratch, 'quotas.json');
  writeFileSync(
    config,
    JSON.stringify({
      ownAccounts: ['111111111111'],
      note: 'ours',
      quotaOverrides: [{ quota_id: 'crypto_rsa', value: 1 }],
    }),
  );
  writeFileSync(file, JSON.stringify({ Quotas: [entry('L-6E3AF000', 'x', 45_000)] }));
  const run = async (...argv: string[]) => {
    let text = '';
    const command = quotasCommand({
      write: (part) => (text += part),
      now: () => new Date('2026-10-05T00:00:00Z'),
    });
    await command.parseAsync(argv, { from: 'user' });
    return text;
  };
  expect(await run('import', file, '--config', config)).toMatch(/1 applied request quotas/);
  const written = JSON.parse(readFileSync(config, 'utf8')) as Record<string, unknown>;
  expect(written).toMatchObject({ ownAccounts: ['111111111111'], note: 'ours' });
  expect(written['quotaOverrides']).toMatchObject([
    { quota_id: 'crypto_rsa', value: 1 },
    { quota_id: 'crypto_symmetric', value: 45_000, as_of: '2026-10-05' },
  ]);
  const place = ['--region', 'eu-central-1', '--account', '111111111111', '--config', config];
  expect(await run('show', ...place)).toMatch(/crypto_symmetric.*45,?000.*applied/);
  expect(await run('show', ...place, '--at', '2020-01-01')).toMatch(/crypto_ecc_sm2.*300.*default/);
  await expect(run('show', ...place, '--at', 'soon')).rejects.toThrow(/no instant/);
  writeFileSync(file, '{"Keys": []}');
  await expect(run('import', file, '--config', config)).rejects.toMatchObject({
    code: 'quotas_invalid',
    exitCode: 2,
  });
});

/** Answers ListServiceQuotas in two pages, as JSON 1.1. */
let server: Server;
let asked: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += String(part)));
    request.on('end', () => {
      asked.push(body);
      const second = body.includes('next-page');
      const Quotas = second
        ? [entry('L-2AC98190', 'Cryptographic operations (RSA) request rate', 1_500)]
        : [entry('L-6E3AF000', 'Cryptographic operations (symmetric) request rate', 45_000)];
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      response.end(JSON.stringify({ Quotas, ...(second ? {} : { NextToken: 'next-page' }) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

test('pull reads every page of Service Quotas', async () => {
  asked = [];
  const config = path.join(scratch, 'pulled.json');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let text = '';
  const command = quotasCommand({
    write: (part) => (text += part),
    now: () => new Date('2026-10-05T00:00:00Z'),
    client: ({ region }) =>
      new ServiceQuotasClient({
        region,
        endpoint,
        credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
      }),
  });
  await command.parseAsync(['pull', '--region', 'eu-central-1', '--config', config], {
    from: 'user',
  });
  expect(asked).toHaveLength(2);
  expect(asked[0]).toContain('"ServiceCode":"kms"');
  expect(text).toMatch(/2 applied request quotas/);
  expect(JSON.parse(readFileSync(config, 'utf8'))).toMatchObject({
    quotaOverrides: [
      {
        account_id: '111111111111',
        region: 'eu-central-1',
        quota_id: 'crypto_symmetric',
        value: 45_000,
      },
      { quota_id: 'crypto_rsa', value: 1_500 },
    ],
  });
});
