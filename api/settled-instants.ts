import { parseDuration } from '../core/time.ts';

/** A relative instant keeps its meaning for a twentieth of its length, within these bounds. */
const kept_share = 1 / 20;
const kept_ms = { least: 10_000, most: 900_000 };
const entries_max = 1_024;

/** Parameters as they were given and as they were understood. */
export interface ParsedParams {
  raw: Record<string, unknown>;
  params: Record<string, unknown>;
}

/**
 * Parsed parameters in which relative instants have one meaning for a while: `7d` for a quarter of an
 * hour, `1h` for three minutes. Only so is it the same question when it is asked again, whose job can be
 * waited for and whose answer can be kept. Instants are parsed once: what is computed gets the values.
 */
export class SettledInstants {
  readonly #settled = new Map<string, ParsedParams & { until: number }>();

  settle(question: string, parsed: ParsedParams, now = Date.now()): ParsedParams {
    const values = { params: parsed.params, raw: withDates(parsed) };
    const lengths = Object.values(parsed.raw).flatMap((value) => lengthOf(value) ?? []);
    if (lengths.length === 0) return values;
    const key = JSON.stringify([question, parsed.raw]);
    const held = this.#settled.get(key);
    if (held && now < held.until) return { params: held.params, raw: held.raw };
    const wanted_ms = Math.min(...lengths) * kept_share;
    const until = now + Math.min(kept_ms.most, Math.max(kept_ms.least, wanted_ms));
    this.#settled.delete(key);
    this.#settled.set(key, { ...values, until });
    const [oldest] = this.#settled.keys();
    if (this.#settled.size > entries_max) this.#settled.delete(oldest!);
    return values;
  }
}

/** Milliseconds of a relative instant; null for any other value. */
const lengthOf = (value: unknown) => (typeof value === 'string' ? parseDuration(value) : null);

/** The raw parameters with each instant as it was understood. */
function withDates({ raw, params }: ParsedParams): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(raw).map(([name, value]) => {
      const understood = params[name];
      return [name, understood instanceof Date ? understood : value];
    }),
  );
}
