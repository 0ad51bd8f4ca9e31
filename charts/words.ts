/** Thousands are set apart by a narrow space that does not break: 38 560. */
const apart = '\u202f';
const locale = 'en-US';
const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });

const spaced = (text: string) => text.replaceAll(',', apart);

/** A number for reading: integers in full, fractions with the digits that matter. */
export function numberText(value: number): string {
  if (Number.isInteger(value)) return spaced(value.toLocaleString(locale));
  const digits = Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 1 ? 2 : 4;
  return spaced(value.toLocaleString(locale, { maximumFractionDigits: digits }));
}

export const shortNumber = (value: number): string => compact.format(value);

/** US dollars to the digits that mean something: no cents from a thousand up, two digits below a cent. */
export function usd(value: number): string {
  const size = Math.abs(value);
  const amount =
    size !== 0 && size < 0.01
      ? size.toLocaleString(locale, { maximumSignificantDigits: 2, maximumFractionDigits: 12 })
      : size.toLocaleString(locale, {
          minimumFractionDigits: size >= 1_000 ? 0 : 2,
          maximumFractionDigits: size >= 1_000 ? 0 : 2,
        });
  return `${value < 0 ? '−' : ''}$${spaced(amount)}`;
}

/** Percent to a tenth. */
export const percentText = (value: number): string =>
  `${numberText(Math.round(value * 10) / 10)}${apart}%`;

/** `2026-10-05 12:00:00`, in UTC or in the reader's own time. */
export function instantText(at: string | number, utc: boolean): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return String(at);
  if (utc) return date.toISOString().slice(0, 19).replace('T', ' ');
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

const keyId = /\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/;

/** The part of an ARN that people know; of a key id its first eight digits. The whole is in the tooltip. */
export function shortName(value: string): string {
  const arn = /^arn:[^:]*:([^:]*):([^:]*):([^:]*):(.+)$/s.exec(value);
  const name = (arn ? arn[4]! : value).replace(/^key\/(?=[0-9a-f-]{36}$)/, 'key ');
  const short = name.replace(keyId, '$1…');
  return short.length > 60 ? `${short.slice(0, 57)}…` : short;
}

/** Braces start styles in rich text; a full-width look-alike keeps a log's text as it is read. */
export const plain = (text: string): string => text.replaceAll('{', '｛').replaceAll('|', '｜');
