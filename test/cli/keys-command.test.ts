import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseKeyInventory } from '../../analytics/finops/key-inventory.ts';
import { keysCommand } from '../../cli/keys-command.ts';

const arn = (id: string) => `arn:aws:kms:eu-central-1:111111111111:key/${id}`;
const saved = { ...process.env };

beforeEach(() => {
  process.env['AWS_ACCESS_KEY_ID'] = 'AKIAEXAMPLE';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'example';
});
afterEach(() => {
  process.env = { ...saved };
});

type Answer = { status?: number; body: unknown };

/** A KMS that answers on loopback, by the operation of the JSON protocol. */
async function withKms<T>(
  answer: (operation: string, input: Record<string, unknown>) => Answer,
  use: (url: string) => Promise<T>,
): Promise<T> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).split('.')[1]!;
      const input = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Record<string, unknown>;
      const { status = 200, body } = answer(operation, input);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('pages of keys are described, and the inventory reads them back', async () => {
  let printed = '';
  let complaints = '';
  const environment = {
    stdout: (text: string) => void (printed += text),
    stderr: (text: string) => void (complaints += text),
  };
  await withKms(
    (operation, input) => {
      if (operation === 'ListKeys') {
        return input['Marker']
          ? { body: { Keys: [{ KeyId: 'c', KeyArn: arn('c') }], Truncated: false } }
          : {
              body: {
                Keys: ['a', 'b'].map((id) => ({ KeyId: id, KeyArn: arn(id) })),
                Truncated: true,
                NextMarker: 'more',
              },
            };
      }
      const id = String(input['KeyId']).split('/').at(-1)!;
      if (operation === 'ListKeyRotations') {
        return { body: { Rotations: [{ KeyId: id }, { KeyId: id }], Truncated: false } };
      }
      if (id === 'b') {
        return { status: 400, body: { __type: 'AccessDeniedException', message: 'no' } };
      }
      const manager = id === 'c' ? 'AWS' : 'CUSTOMER';
      return {
        body: {
          KeyMetadata: { KeyId: id, Arn: arn(id), KeyManager: manager, KeyState: 'Enabled' },
        },
      };
    },
    (url) =>
      keysCommand(environment).parseAsync(['pull', '--region', 'eu-central-1', '--endpoint', url], {
        from: 'user',
      }),
  );
  expect(complaints).toContain(`not described: ${arn('b')}`);
  expect(parseKeyInventory(printed)).toEqual([
    { arn: arn('a'), manager: 'CUSTOMER', state: 'Enabled', rotations: 2 },
    { arn: arn('b') },
    { arn: arn('c'), manager: 'AWS', state: 'Enabled' },
  ]);
});

test('a refused list says what to check', async () => {
  const pull = withKms(
    () => ({ status: 400, body: { __type: 'AccessDeniedException', message: 'no' } }),
    (url) =>
      keysCommand().parseAsync(['pull', '--region', 'eu-central-1', '--endpoint', url], {
        from: 'user',
      }),
  );
  await expect(pull).rejects.toMatchObject({ code: 'keys_pull_failed' });
});
