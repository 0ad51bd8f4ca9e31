import { plainReader, type RecordReader } from '../task.ts';
import { FastReader } from './fast-reader.ts';

/**
 * The record reader of a worker: the fast one, unless KEYMETER_READER=plain asks for the slow obvious
 * one. Throws for any other value: a misspelt one would be read as "fast".
 */
export function chosenReader(environment: NodeJS.ProcessEnv): RecordReader {
  const name = environment['KEYMETER_READER'] || 'fast';
  if (name === 'plain') return plainReader;
  if (name !== 'fast') throw new Error(`KEYMETER_READER is "${name}"; it can be "fast" or "plain"`);
  return new FastReader();
}
