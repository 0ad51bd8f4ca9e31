import { openLocalSource } from './local-source.ts';
import type { Source, SourceOptions } from './source.ts';

/**
 * Opens `s3://bucket[/prefix]`, a directory or a file, and checks that it is there and may be listed.
 * Throws KeymeterError; docs/sources.md lists the codes.
 */
export async function openSource(spec: string, options: SourceOptions = {}): Promise<Source> {
  if (!/^s3:/i.test(spec)) return openLocalSource(spec);
  // Loaded only when needed: the SDK takes a quarter of a second to load.
  const { openS3Source } = await import('./s3-source.ts');
  return openS3Source(spec, options);
}
