const grouped = new Intl.NumberFormat('en-US');

/** `1 call`, `2,345 calls`; `many` where the plural is irregular. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped.format(count)} ${count === 1 ? one : many}`;
}

/** `$1,234.50`; less than a cent keeps two digits that say something. */
export function usdText(value: number): string {
  const size = Math.abs(value);
  const isSmall = size > 0 && size < 0.01;
  const text = size.toLocaleString(
    'en-US',
    isSmall
      ? { maximumSignificantDigits: 2, maximumFractionDigits: 12 }
      : { minimumFractionDigits: 2, maximumFractionDigits: 2 },
  );
  return `${value < 0 ? '-' : ''}$${text}`;
}

/** `$1.00`, or `$0.00 to $1.00` where the ends differ. */
export function usdRange(low: number, high: number): string {
  const [from, to] = [usdText(low), usdText(high)];
  return from === to ? from : `${from} to ${to}`;
}
