import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import namesAnalysis from '../../analytics/investigation/names.ts';
import { Names, readNames } from '../../analytics/names.ts';
import { joinedNames, readNamesFile } from '../../analytics/names-file.ts';
import { defaultConfig, namesSchema } from '../../core/config.ts';
import { event, withEvents } from '../support/events.ts';

const account = '111122223333';
const arn = (id: string) => `arn:aws:kms:eu-west-1:${account}:key/${id}`;
const one = arn('1234abcd-12ab-34cd-56ef-1234567890ab');
const two = arn('mrk-99998888777766665555444433332222');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keymeter-names-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string) => {
  const target = path.join(folder, name);
  writeFileSync(target, text);
  return target;
};

describe('Names', () => {
  const names = new Names(
    namesSchema.parse({
      accounts: [{ account_id: account, name: 'prod', team: 'payments', tags: { cost: 'c1' } }],
      keys: [
        { arn: one, aliases: ['alias/aws/s3', 'alias/b', 'alias/a'], tags: { team: 'core' } },
        { arn: two, name: 'Orders' },
      ],
    }),
    new Map([[two, 'alias/orders']]),
  );

  test('a key is called by its name, else its alias, with the start of its id', () => {
    expect(names.labelOf(one)).toBe('alias/a (1234abcd)');
    expect(names.labelOf(two)).toBe('Orders (99998888)');
    expect(names.labelOf(account)).toBe(`prod (${account})`);
    expect(names.labelOf('constructor')).toBeNull();
  });

  test("a key's tag comes before its account's", () => {
    expect(names.tagOfKey(one, 'team')).toBe('core');
    expect(names.tagOfKey(two, 'team')).toBe('payments');
    expect(names.tagOfKey(two, 'cost')).toBe('c1');
    expect(names.tagOfKey(two, '__proto__')).toBeNull();
  });
});

test('the log names a key by the alias that it has last', async () => {
  const alias = (operation: string, at: number, name: string, key: string) =>
    event({
      event_time: at,
      operation,
      caller_account_id: account,
      region: 'eu-west-1',
      key_arn: key,
      request_parameters: JSON.stringify({ aliasName: name, targetKeyId: key }),
    });
  const events = [
    alias('CreateAlias', 10, 'alias/old', one),
    alias('UpdateAlias', 20, 'alias/old', two),
    alias('CreateAlias', 30, 'alias/new', one),
  ];
  await withEvents(events, async (engine) => {
    const names = await readNames({ engine, config: defaultConfig });
    expect(names.labelOf(one)).toBe('alias/new (1234abcd)');
    expect(names.labelOf(two)).toBe('alias/old (99998888)');

    const configured = namesSchema.parse({
      accounts: [{ account_id: account, name: 'prod', tags: { b: '2', a: '1' } }],
      keys: [{ arn: two, name: 'Orders' }],
    });
    const config = { ...defaultConfig, names: configured };
    const { rows } = await namesAnalysis.execute({}, { engine, config });
    expect(rows).toEqual([
      {
        kind: 'account',
        id: account,
        label: `prod (${account})`,
        source: 'configuration',
        tags: '{"a":"1","b":"2"}',
      },
      { kind: 'key', id: one, label: 'alias/new (1234abcd)', source: 'log', tags: null },
      { kind: 'key', id: two, label: 'Orders (99998888)', source: 'configuration', tags: null },
    ]);
  });
});

describe('a file of names', () => {
  test('JSON and CSV of accounts', () => {
    const json = readNamesFile(file('n.json', JSON.stringify({ keys: [{ arn: one, name: 'x' }] })));
    expect(json.keys).toEqual([{ arn: one, name: 'x', aliases: [], tags: {} }]);
    const csv = readNamesFile(
      file('n.csv', `\ufeffaccount_id,name,team,cost centre\n${account},"prod, EU",payments,42\n`),
    );
    expect(csv.accounts).toEqual([
      {
        account_id: account,
        name: 'prod, EU',
        team: 'payments',
        tags: { team: 'payments', 'cost centre': '42' },
      },
    ]);
  });

  test.each([
    ['nothing', 'x', 'account_id'],
    ['a short id', 'account_id,name\n123,prod', 'twelve digits'],
    ['other JSON', '{"accounts":[{}]}', 'account_id'],
  ])('%s is refused with the reason', (name, text, reason) => {
    const refuse = () => readNamesFile(file(`${name}.txt`, text));
    expect(refuse).toThrow(expect.objectContaining({ code: 'names_invalid' }));
    expect(refuse).toThrow(reason);
  });

  test('a later file adds to what an earlier one says', () => {
    const parse = (keys: unknown[]) => namesSchema.parse({ keys });
    const both = joinedNames(
      parse([{ arn: one, name: 'x', tags: { a: '1', b: '1' } }]),
      parse([{ arn: one, aliases: ['alias/y'], tags: { b: '2' } }]),
    );
    expect(both.keys).toEqual([
      { arn: one, name: 'x', aliases: ['alias/y'], tags: { a: '1', b: '2' } },
    ]);
  });
});
