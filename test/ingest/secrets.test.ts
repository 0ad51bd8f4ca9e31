import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maskText } from '../../ingest/mask-secrets.ts';
import { kmsRecord } from '../support/kms-records.ts';
import { withFolder } from '../support/folder.ts';

const cli = (folder: string, ...words: string[]) =>
  execFileSync(process.execPath, [path.resolve('dist/cli/main.js'), ...words], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

/** A text that no other place holds, and that a search of the file would find. */
const planted = (name: string) => `PLANTED-${name}-${'x'.repeat(40)}-END`;

const sts = (name: string, eventName: string, response: unknown) => ({
  ...kmsRecord(name),
  eventSource: 'sts.amazonaws.com',
  eventName,
  requestParameters: { roleArn: 'arn:aws:iam::111122223333:role/app', roleSessionName: 's' },
  responseElements: response,
});

function trail(): Buffer {
  const credentials = (name: string) => ({
    accessKeyId: 'ASIAEXAMPLEEXAMPLE12',
    secretAccessKey: planted(`secret-${name}`),
    sessionToken: planted(`token-${name}`),
    expiration: 'Oct 5, 2026, 1:00:00 PM',
  });
  return gzipSync(
    JSON.stringify({
      Records: [
        sts('a', 'AssumeRole', { credentials: credentials('role') }),
        sts('b', 'AssumeRoleWithSAML', { credentials: credentials('saml') }),
        {
          ...sts('c', 'AssumeRoleWithWebIdentity', { credentials: credentials('web') }),
          requestParameters: { webIdentityToken: planted('web-identity') },
        },
        {
          ...kmsRecord('d'),
          eventName: 'CreateGrant',
          responseElements: { grantId: 'grant-1', grantToken: planted('grant') },
          requestParameters: { grantTokens: [planted('list-1'), planted('list-2')] },
        },
        {
          ...kmsRecord('e'),
          eventTime: 'never',
          responseElements: { sessionToken: planted('reject') },
        },
      ],
    }),
  );
}

describe('credentials in a trail', () => {
  test.each(['fast', 'plain'])(
    'are in no file that keymeter makes (%s reader)',
    async (reader) => {
      await withFolder(async (folder) => {
        writeFileSync(path.join(folder, 'log.json.gz'), trail());
        process.env['KEYMETER_READER'] = reader;
        try {
          try {
            cli(folder, 'ingest', 'log.json.gz', '--db', 'x.duckdb');
          } catch (error) {
            expect((error as { status: number }).status).toBe(4);
          }
        } finally {
          delete process.env['KEYMETER_READER'];
        }
        const sql = (query: string) =>
          JSON.parse(cli(folder, 'sql', query, '--db', 'x.duckdb', '--format', 'json')) as Record<
            string,
            string
          >[];
        expect(
          sql(
            "SELECT count(*) AS n FROM related_events WHERE response_elements LIKE '%sessionToken%'",
          ),
        ).toEqual([{ n: 3 }]);
        const [grant] = sql(
          "SELECT response_elements AS r FROM kms_events WHERE operation = 'CreateGrant'",
        );
        expect(JSON.parse(grant!['r']!)).toEqual({
          grantId: 'grant-1',
          grantToken: '*'.repeat(planted('grant').length),
        });
        cli(
          folder,
          'export',
          'related_events',
          '--db',
          'x.duckdb',
          '--out',
          'related.ndjson',
          '--format',
          'ndjson',
        );
        for (const file of readdirSync(folder).filter((name) => name !== 'log.json.gz')) {
          expect([file, readFileSync(path.join(folder, file)).includes('PLANTED')]).toEqual([
            file,
            false,
          ]);
          expect([file, statSync(path.join(folder, file)).mode & 0o077]).toEqual([file, 0]);
        }
        const [assumed] = sql(
          "SELECT event_id AS id FROM related_events WHERE event_name = 'AssumeRole'",
        );
        const raw = cli(folder, 'raw', assumed!['id']!, '--db', 'x.duckdb');
        expect(raw).toContain('ASIAEXAMPLEEXAMPLE12');
        expect(raw).not.toContain('PLANTED');
        expect(cli(folder, 'raw', assumed!['id']!, '--db', 'x.duckdb', '--unmasked')).toContain(
          planted('token-role'),
        );
      });
    },
    60_000,
  );
});

describe('masking', () => {
  test.each([
    ['{"sessionToken":"abc","a":"b"}', '{"sessionToken":"***","a":"b"}'],
    ['{"SessionToken" : "abc"}', '{"SessionToken" : "***"}'],
    ['{"tokens":["ab","c"],"x":["y"]}', '{"tokens":["**","*"],"x":["y"]}'],
    [
      '{"nextToken":"abc","clientRequestToken":"x"}',
      '{"nextToken":"abc","clientRequestToken":"x"}',
    ],
    [String.raw`{"password":"a\"b\\","c":1}`, '{"password":"******","c":1}'],
    [
      String.raw`{"doc":"{\"sessionToken\":\"abc\"}"}`,
      String.raw`{"doc":"{\"sessionToken\":\"***\"}"}`,
    ],
    ['{"secretAccessKey":"cut off', '{"secretAccessKey":"*******'],
    ['{"token":5,"secretId":"prod/db"}', '{"token":5,"secretId":"prod/db"}'],
    ['{"password":"é"}', '{"password":"**"}'],
  ])('%s', (text, masked) => {
    expect(maskText(text)).toBe(masked);
  });

  test('leaves JSON as it was but for the secret values', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.string()),
        fc.string({ minLength: 1 }),
        (object, secret) => {
          const harmless = Object.fromEntries(
            Object.entries(object).filter(
              ([name]) => !/token|pass|secret|key|plaintext|assertion|signature/i.test(name),
            ),
          );
          const text = JSON.stringify({ ...harmless, sessionToken: secret, last: 'end' });
          const masked = JSON.parse(maskText(text)) as Record<string, string>;
          const { sessionToken, ...rest } = masked;
          expect(rest).toEqual({ ...harmless, last: 'end' });
          expect(sessionToken).toMatch(/^\*+$/);
        },
      ),
    );
  });
});
