import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateDemoTrail } from '../../demo/generate.ts';
import { openLakeFiles, settle, type LakeFiles } from '../../store/lake-access.ts';
import { openEngine } from '../../store/open-engine.ts';
import { listedObjects, storedContent, writeObjects } from '../support/lake-shards.ts';
import { s3ServerBinary, startS3Server, type S3Server } from '../support/s3-server.ts';

/** A lake in a bucket of a server that nobody here wrote. */
describe.skipIf(!s3ServerBinary)('a lake on S3', () => {
  const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-lake-s3-'));
  const before = process.env['AWS_SHARED_CREDENTIALS_FILE'];
  let server: S3Server;

  beforeAll(async () => {
    server = await startS3Server();
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = server.credentialsFile;
    process.env['KEYMETER_LAKE_CACHE'] = path.join(scratch, 'cache');
    const { endpoint, region } = server;
    const admin = new S3Client({ endpoint, region, forcePathStyle: true, credentials: server });
    await admin.send(new CreateBucketCommand({ Bucket: 'lake' }));
    admin.destroy();
  });
  afterAll(async () => {
    await server?.stop();
    delete process.env['KEYMETER_LAKE_CACHE'];
    if (before === undefined) delete process.env['AWS_SHARED_CREDENTIALS_FILE'];
    else process.env['AWS_SHARED_CREDENTIALS_FILE'] = before;
    rmSync(scratch, { recursive: true, force: true });
  });

  test('two shards, settled in the bucket, are what they are in a directory', async () => {
    const trail = path.join(scratch, 'trail');
    await generateDemoTrail(trail, { seed: 1 });
    const all = await listedObjects(trail);
    const objects = all.filter(({ key }) => /\/10\/06\//.test(key));
    expect(objects.length).toBeGreaterThan(10);
    const { endpoint, region } = server;
    const access = { endpoint, region, pathStyle: true, profile: 'good' };
    const bucket = await openLakeFiles('s3://lake/some/prefix', access);
    const directory = await openLakeFiles(path.join(scratch, 'lake'));
    const fill = async (lake: LakeFiles) => {
      const half = Math.ceil(objects.length / 2);
      await writeObjects(lake, 's-0', objects.slice(0, half + 3));
      await writeObjects(lake, 's-1', objects.slice(half));
      await settle(lake);
    };
    await fill(bucket);
    await fill(directory);
    expect(await bucket.read('nothing.json')).toBeNull();
    bucket.close();

    const content = async (place: string) => {
      const engine = await openEngine(`lake:${place}`, { access });
      try {
        return await storedContent(engine);
      } finally {
        engine.close();
      }
    };
    expect(await content('s3://lake/some/prefix')).toEqual(await content(directory.place));
    const wrong = { ...access, profile: 'wrong' };
    await expect(openEngine('lake:s3://lake/some/prefix', { access: wrong })).rejects.toMatchObject(
      {
        code: 'lake_failed',
      },
    );
  });
});
