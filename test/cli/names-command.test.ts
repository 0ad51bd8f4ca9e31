import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { namesCommand } from '../../cli/names-command.ts';
import { namesSchema } from '../../core/config.ts';

const saved = { ...process.env };
beforeEach(() => {
  process.env['AWS_ACCESS_KEY_ID'] = 'AKIAEXAMPLE';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'example';
});
afterEach(() => {
  process.env = { ...saved };
});

const key = (id: string) => `arn:aws:kms:eu-west-1:111122223333:key/${id}`;
const alias = (name: string, id?: string) => ({
  AliasName: name,
  AliasArn: `arn:aws:kms:eu-west-1:111122223333:${name}`,
  ...(id ? { TargetKeyId: id } : {}),
});

type Answers = Record<
  string,
  (input: Record<string, unknown>) => { status?: number; body: unknown }
>;

const whole: Answers = {
  ListAccounts: (input) =>
    input['NextToken']
      ? { body: { Accounts: [{ Id: '444455556666', Name: 'dev' }] } }
      : { body: { Accounts: [{ Id: '111122223333', Name: 'prod' }], NextToken: 'n' } },
  ListTagsForResource: (input) =>
    input['ResourceId'] === '111122223333'
      ? {
          body: {
            Tags: [
              { Key: 'Team', Value: 'payments' },
              { Key: 'env', Value: 'live' },
            ],
          },
        }
      : { status: 400, body: { __type: 'AccessDeniedException', message: 'no' } },
  ListAliases: () => ({
    body: { Aliases: [alias('alias/a', 'k1'), alias('alias/b', 'k1'), alias('alias/aws/s3')] },
  }),
  ListResourceTags: () => ({ body: { Tags: [{ TagKey: 'team', TagValue: 'core' }] } }),
};

async function pulled(answers: Answers, ...words: string[]) {
  let printed = '';
  let complaints = '';
  const command = namesCommand({
    stdout: (text) => void (printed += text),
    stderr: (text) => void (complaints += text),
  });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).split('.')[1]!;
      const input = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Record<string, unknown>;
      const { status = 200, body } = answers[operation]!(input);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const all = ['pull', '--region', 'eu-west-1', '--endpoint', endpoint, ...words];
    process.env['AWS_REGION'] = 'eu-west-1';
    await command.parseAsync(all, { from: 'user' });
    return { names: namesSchema.parse(JSON.parse(printed)), complaints };
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('accounts of all pages with their tags, and the aliases of each key', async () => {
  const { names, complaints } = await pulled(whole);
  expect(names.accounts).toEqual([
    {
      account_id: '111122223333',
      name: 'prod',
      team: 'payments',
      environment: 'live',
      tags: { Team: 'payments', env: 'live' },
    },
    { account_id: '444455556666', name: 'dev', tags: {} },
  ]);
  expect(names.keys).toEqual([
    { arn: key('k1'), aliases: ['alias/a', 'alias/b'], tags: { team: 'core' } },
  ]);
  expect(complaints).toContain('tags of account 444455556666 not read');
});

test('parts can be left out', async () => {
  const only = { ListAliases: whole['ListAliases']! };
  const { names } = await pulled(only, '--no-accounts', '--no-tags');
  expect(names).toEqual({
    accounts: [],
    keys: [{ arn: key('k1'), aliases: ['alias/a', 'alias/b'], tags: {} }],
  });
});

test('a refusal names the permission', async () => {
  const denied = () => ({ status: 400, body: { __type: 'AccessDeniedException', message: 'no' } });
  await expect(pulled({ ...whole, ListAccounts: denied })).rejects.toMatchObject({
    code: 'names_pull_failed',
    fix: expect.stringContaining('organizations:ListAccounts'),
  });
});
