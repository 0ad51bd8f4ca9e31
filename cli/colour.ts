import { styleText } from 'node:util';

/** Utilisation at which a quota needs attention, and at which calls are refused; percent. */
const near_percent = 80;
const full_percent = 100;

const severityStyles = new Map<string, 'red' | 'yellow'>([
  ['critical', 'red'],
  ['high', 'red'],
  ['medium', 'yellow'],
]);

/** Colour is for a terminal whose owner did not refuse it (https://no-color.org). */
export function wantsColour(
  stream: { isTTY?: boolean } = process.stdout,
  environment: NodeJS.ProcessEnv = process.env,
): boolean {
  return stream.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
}

/** wantsColour has asked about the stream already. */
const paint = (style: 'red' | 'yellow', text: string) =>
  styleText(style, text, { validateStream: false });

/** A cell's text in the colour of what it says: a severity, or how full a quota is. */
export function coloured(
  text: string,
  column: { name: string; unit: string | null },
  value: unknown,
): string {
  if (column.name === 'severity' && typeof value === 'string') {
    const style = severityStyles.get(value);
    return style ? paint(style, text) : text;
  }
  if (column.unit !== '%' || typeof value !== 'number') return text;
  if (!/(used|utilisation|demand)/.test(column.name)) return text;
  if (value >= full_percent) return paint('red', text);
  return value >= near_percent ? paint('yellow', text) : text;
}
