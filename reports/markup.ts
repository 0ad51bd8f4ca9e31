import { printable } from '../core/printable.ts';

/** Text as HTML text or attribute value. Log fields are written by attackers: everything goes through here. */
export function escaped(text: string): string {
  return printable(text).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** An element with escaped attributes; `content` is markup already. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  content = '',
): string {
  const given = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([attribute, value]) => ` ${attribute}="${escaped(String(value))}"`)
    .join('');
  return `<${name}${given}>${content}</${name}>`;
}
