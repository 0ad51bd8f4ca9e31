import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, readFile, rename, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { exitCodes, KeymeterError } from '../../core/errors.ts';
import { contentName, type LakeAccess, type LakeFiles } from './lake-files.ts';

/** Larger files are streamed. */
const body_bytes_max = 1_073_741_824;

/** A lake in a bucket. DuckDB reads local copies: it is given no network and no extension. */
export class S3Lake implements LakeFiles {
  readonly place: string;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #cache: string;

  constructor(place: string, access: LakeAccess) {
    const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/*$/i.exec(place) ?? [];
    if (bucket === '') {
      throw new KeymeterError('bad_lake', `${place} names no bucket`, {
        fix: 'write s3://bucket/prefix, or a directory',
        exitCode: exitCodes.usage,
      });
    }
    this.place = place.replace(/\/+$/, '');
    this.#bucket = bucket;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#cache = path.join(
      process.env['KEYMETER_LAKE_CACHE'] ?? path.join(tmpdir(), 'keymeter-lake'),
      contentName(`${access.endpoint ?? ''} ${this.place}`),
    );
    const settings: S3ClientConfig = { forcePathStyle: access.pathStyle ?? false };
    if (access.region !== undefined) settings.region = access.region;
    if (access.endpoint !== undefined) settings.endpoint = access.endpoint;
    if (access.profile !== undefined) settings.profile = access.profile;
    process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
    this.#client = new S3Client(settings);
  }

  async read(file: string): Promise<Buffer | null> {
    try {
      const answer = await this.#client.send(new GetObjectCommand(this.#object(file)));
      return Buffer.from(await answer.Body!.transformToByteArray());
    } catch (error) {
      if ((error as Error).name === 'NoSuchKey') return null;
      throw this.#failure(file, error);
    }
  }

  async put(file: string, bytes: Buffer): Promise<void> {
    await this.#send(file, new PutObjectCommand({ ...this.#object(file), Body: bytes }));
  }

  async putFile(file: string, local: string): Promise<void> {
    const { size } = await stat(local);
    // A streamed body has its checksum behind it in chunks, which not every S3-compatible server reads.
    const Body = size <= body_bytes_max ? await readFile(local) : createReadStream(local);
    await this.#send(
      file,
      new PutObjectCommand({ ...this.#object(file), Body, ContentLength: size }),
    );
  }

  async *list(prefix: string): AsyncGenerator<string> {
    let ContinuationToken: string | undefined;
    do {
      const command = new ListObjectsV2Command({
        Bucket: this.#bucket,
        Prefix: `${this.#prefix}${prefix}`,
        ContinuationToken,
      });
      const page = await this.#client.send(command).catch((error: unknown) => {
        throw this.#failure(prefix, error);
      });
      for (const { Key } of page.Contents ?? []) {
        if (Key !== undefined) yield Key.slice(this.#prefix.length);
      }
      ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
  }

  async local(file: string): Promise<string> {
    const target = path.join(this.#cache, file);
    if (existsSync(target)) return target;
    await mkdir(path.dirname(target), { recursive: true });
    const part = `${target}.${process.pid}.part`;
    try {
      const answer = await this.#client.send(new GetObjectCommand(this.#object(file)));
      await pipeline(answer.Body as Readable, createWriteStream(part));
    } catch (error) {
      throw this.#failure(file, error);
    }
    await rename(part, target);
    return target;
  }

  address(file: string): string {
    return `${this.place}/${file}`;
  }

  close(): void {
    this.#client.destroy();
  }

  #object(file: string) {
    return { Bucket: this.#bucket, Key: `${this.#prefix}${file}` };
  }

  async #send(file: string, command: PutObjectCommand): Promise<void> {
    await this.#client.send(command).catch((error: unknown) => {
      throw this.#failure(file, error);
    });
  }

  #failure(file: string, error: unknown): KeymeterError {
    const { name, message } = error as Error;
    return new KeymeterError('lake_failed', `${this.address(file)}: ${name}: ${message}`, {
      fix: 'check the bucket, its Region and the permissions s3:ListBucket, s3:GetObject and s3:PutObject',
      cause: error,
    });
  }
}
