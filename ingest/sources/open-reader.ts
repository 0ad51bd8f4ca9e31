import { LocalReader } from './local-reader.ts';
import { S3Reader } from './s3-reader.ts';
import type { ObjectReader, ReaderConfig } from './source.ts';

/** Makes the reader that a source's `reader` describes; for worker threads. Close it when done. */
export function openReader(config: ReaderConfig): ObjectReader {
  return config.source === 's3' ? new S3Reader(config) : new LocalReader(config.copies);
}
