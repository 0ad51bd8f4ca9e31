import { InputError } from '../input-error.ts';

/** JSON.parse of so many values at most fills half a worker's heap, whatever they are. */
const values_max = 16 * 1024 * 1024;
/** Real logs have 24 bytes a value and more (largest files of public trails, commas and brackets counted). */
const bytes_per_value_min = 16;

const comma = 0x2c;
const brace = 0x7b;
const bracket = 0x5b;

/**
 * Refuses a text of hundreds of millions of tiny values, which a small gzip file can hold: JSON.parse
 * cannot be interrupted, and near the heap's limit it takes hours. Throws InputError too_many_values.
 */
export function refuseTooManyValues(bytes: Buffer): void {
  const most = Math.max(values_max, bytes.length / bytes_per_value_min);
  if (bytes.length <= most) return;
  let values = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === comma || byte === brace || byte === bracket) values++;
  }
  if (values <= most) return;
  throw new InputError(
    'too_many_values',
    `the content has ${values} commas and brackets: no log has`,
  );
}
