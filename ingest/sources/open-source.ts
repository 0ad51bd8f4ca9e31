import { addressOf } from './address.ts';
import { openLocalSource } from './local-source.ts';
import { queueOf } from './queue-address.ts';
import type { Source, SourceOptions } from './source.ts';

/**
 * Opens `s3://bucket[/prefix]`, a queue, a directory, a file or a stream, and checks that it is there and
 * may be listed. Throws KeymeterError; docs/sources.md lists the codes.
 */
export async function openSource(spec: string, options: SourceOptions = {}): Promise<Source> {
  const queue = queueOf(spec);
  if (queue !== null) return (await import('./sqs-source.ts')).openSqsSource(spec, queue, options);
  const address = addressOf(spec);
  if (address.kind === 'local') return openLocalSource(address.path);
  if (address.kind === 'stream') {
    return (await import('./stream-source.ts')).openStreamSource(spec, address.file);
  }
  // Loaded only when needed: the SDK takes a quarter of a second to load.
  const { openS3Source } = await import('./s3-source.ts');
  return openS3Source(address.spec, options);
}
