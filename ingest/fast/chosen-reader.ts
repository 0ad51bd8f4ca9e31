import { exitCodes, KeymeterError } from '../../core/errors.ts';
import { plainReader, type RecordReader } from '../task.ts';
import { FastReader } from './fast-reader.ts';

/**
 * The record reader of a worker: the fast one, unless KEYMETER_READER=plain asks for the slow obvious
 * one; it looks out for the events of these related groups. Throws KeymeterError as readerName does.
 */
export function chosenReader(
  environment: NodeJS.ProcessEnv,
  related_groups?: readonly string[],
): RecordReader {
  return readerName(environment) === 'plain' ? plainReader : new FastReader(related_groups);
}

/** What KEYMETER_READER asks for. Throws KeymeterError for any other name: it may be misspelt. */
export function readerName(environment: NodeJS.ProcessEnv): 'fast' | 'plain' {
  const name = environment['KEYMETER_READER'] || 'fast';
  if (name === 'plain' || name === 'fast') return name;
  throw new KeymeterError('unknown_reader', `KEYMETER_READER is "${name}"`, {
    fix: 'set it to "fast" or "plain", or leave it out',
    exitCode: exitCodes.usage,
  });
}
