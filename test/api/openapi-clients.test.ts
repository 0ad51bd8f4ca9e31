import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyses } from '../../analytics/registry.ts';
import { openApiDocument } from '../../api/openapi.ts';
import { event, withEvents } from '../support/events.ts';
import { withServer } from '../support/server.ts';

const tools = fileURLToPath(new URL('../../.cache/api-tools', import.meta.url));
const hasTools = existsSync(path.join(tools, 'version'));
const hasPython = existsSync(path.join(tools, 'python/bin/openapi-python-client'));
if (!hasTools || !hasPython) {
  console.warn(
    'SKIP: no generators of API clients; scripts/install-api-tools.sh installs them (npm, Python). ' +
      'Tests of the OpenAPI lint and of generated clients are skipped',
  );
}
const run = promisify(execFile);
const npmTool = (name: string) => path.join(tools, 'node_modules/.bin', name);
const time = { timeout: 300_000 };

let folder: string;
let file: string;

/** Three calls in one second and two in the next; one of them throttled. */
const events = [
  ...Array.from({ length: 3 }, () => event({ at: '2026-10-05T12:00:00Z' })),
  event({ at: '2026-10-05T12:00:01Z' }),
  event({ at: '2026-10-05T12:00:01Z', outcome: 'throttled' }),
];
const expected = {
  calls: 5,
  throttled_calls: 1,
  calls_per_second_peak: 3,
  account: '111111111111',
};

/** What a client is told of the server; it prints `expected` as JSON when it works. */
const withToken = <T>(use: (url: string, token: string) => Promise<T>) => {
  const token = 'a'.repeat(43);
  return withEvents(events, (engine) =>
    withServer(engine, ({ url }) => use(url, token), { token }),
  );
};

describe.skipIf(!hasTools)('the OpenAPI document', () => {
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'keymeter-openapi-'));
    file = path.join(folder, 'openapi.json');
    writeFileSync(file, JSON.stringify(openApiDocument(await analyses())));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('passes the recommended rules of redocly, warnings too', time, async () => {
    const { stdout } = await run(
      npmTool('redocly'),
      ['lint', file, '--extends=recommended', '--format=json', '--max-problems=1000'],
      { cwd: folder, maxBuffer: 64 << 20 },
    );
    expect(JSON.parse(stdout).problems).toEqual([]);
  });

  test(
    'gives a TypeScript client that compiles and reads rows with their types',
    time,
    async () => {
      await run(npmTool('openapi-typescript'), [file, '-o', path.join(folder, 'schema.ts')]);
      const client = path.join(folder, 'client.ts');
      writeFileSync(client, typeScriptClient);
      const compiler = [npmTool('tsc'), '--strict', '--exactOptionalPropertyTypes', '--target'];
      const options = ['es2022', '--module', 'nodenext', '--skipLibCheck', '--outDir', folder];
      writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}');
      await run('ln', ['-s', path.join(tools, 'node_modules'), path.join(folder, 'node_modules')]);
      const compile = () => run(process.execPath, [...compiler, ...options, client]);
      await compile();
      await withToken(async (url, token) => {
        const { stdout } = await run(process.execPath, [
          path.join(folder, 'client.js'),
          url,
          token,
        ]);
        expect(JSON.parse(stdout)).toEqual(expected);
      });
      // A column that is not there is a fault that the compiler finds.
      writeFileSync(client, typeScriptClient.replace('row.throttled_calls', 'row.throttles'));
      await expect(compile()).rejects.toMatchObject({
        stdout: expect.stringContaining("'throttles' does not exist"),
      });
    },
  );

  test.skipIf(!hasPython)('gives a Python client that works', time, async () => {
    const python = (name: string) => path.join(tools, 'python/bin', name);
    writeFileSync(path.join(folder, 'config.yaml'), 'post_hooks: []\n');
    const output = path.join(folder, 'keymeter_client');
    await run(
      python('openapi-python-client'),
      ['generate', '--path', file, '--meta', 'none', '--output-path', output].concat([
        '--config',
        path.join(folder, 'config.yaml'),
        '--fail-on-warning',
      ]),
      { cwd: folder },
    );
    writeFileSync(path.join(folder, 'client.py'), pythonClient);
    await withToken(async (url, token) => {
      const { stdout } = await run(python('python'), ['client.py', url, token], { cwd: folder });
      expect(JSON.parse(stdout)).toEqual(expected);
    });
  });
});

const typeScriptClient = `
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';

declare const process: { argv: string[] };

const [url, token] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: url!, headers: { Authorization: 'Bearer ' + token } });
const { data, error } = await client.GET('/api/v1/analyses/call-rates', {
  params: { query: { bin: 'minute' } },
});
if (!data) throw new Error(error?.detail ?? 'no answer');
const row: components['schemas']['CallRatesRow'] | undefined = data.rows[0];
if (!row) throw new Error('no rows');
const usage = await client.GET('/api/v1/analyses/quota-utilisation', {});
const account: string | null | undefined = usage.data?.rows[0]?.caller_account_id;
const wrong = await client.GET('/api/v1/analyses/call-rates', {
  params: { query: { from: 'never' } },
});
if (wrong.error?.type !== 'urn:keymeter:problem:bad_parameters') throw new Error('no problem');
console.log(JSON.stringify({
  calls: row.calls,
  throttled_calls: row.throttled_calls,
  calls_per_second_peak: row.calls_per_second_peak,
  account,
}));
`;

const pythonClient = `
import json
import sys
from keymeter_client import AuthenticatedClient
from keymeter_client.api.capacity import quota_utilisation
from keymeter_client.api.usage import call_rates
from keymeter_client.models import CallRatesBin, Problem

url, token = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=token, raise_on_unexpected_status=True)
row = call_rates.sync(client=client, bin_=CallRatesBin.MINUTE).rows[0]
account = quota_utilisation.sync(client=client).rows[0].caller_account_id
wrong = call_rates.sync(client=client, from_="never")
assert isinstance(wrong, Problem) and wrong.status == 400, wrong
print(json.dumps({
    "calls": row.calls,
    "throttled_calls": row.throttled_calls,
    "calls_per_second_peak": row.calls_per_second_peak,
    "account": account,
}))
`;
