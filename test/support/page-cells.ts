import type { Page } from 'playwright-core';

/** A cell of a table on a page: what it says, and the whole value where it is a link that filters. */
export interface PageCell {
  column: string;
  text: string;
  title: string | null;
}

/** The cells of the table of an analysis' panel, row by row. */
export function cellsOf(page: Page, analysis: string): Promise<PageCell[][]> {
  return page.evaluate(
    (name) =>
      [...document.querySelectorAll(`section[data-analysis="${name}"] tbody tr`)].map((line) =>
        [...line.querySelectorAll<HTMLElement>('td')].map((cell) => ({
          column: cell.dataset['column'] ?? '',
          text: cell.textContent ?? '',
          title: cell.querySelector('a')?.title ?? null,
        })),
      ),
    analysis,
  );
}

/** Why a cell does not say a value; null when it does. Numbers are read back, to the digits shown. */
export function cellFault(cell: PageCell, value: unknown, unit: string | undefined): string | null {
  const fault = `${cell.column} says ${JSON.stringify(cell.text)} for ${JSON.stringify(value)}`;
  const says = (text: string) => (cell.text === text ? null : fault);
  if (value === null || value === undefined) return says('–');
  if (typeof value === 'boolean') return says(value ? 'yes' : 'no');
  if (typeof value === 'number') return saysNumber(cell.text, value, unit) ? null : fault;
  if (Array.isArray(value)) return says(value.map(String).join(', '));
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (unit === 'instant')
    return Date.parse(`${cell.text.replace(' ', 'T')}Z`) === Date.parse(text) ? null : fault;
  if (cell.title?.startsWith('Only ')) {
    const whole = cell.title.replace(/^Only [a-z]+ /, '');
    const shown = cell.text.replace(/…$/, '');
    return whole === text && text.includes(shown) && shown !== '' ? null : fault;
  }
  if (cell.column === 'event_id') return says(text.slice(0, 8));
  if (cell.column === 'object_id') return says('raw');
  return says(text);
}

function saysNumber(text: string, value: number, unit = ''): boolean {
  const money = /USD/i.test(unit);
  const percent = unit === '%' || unit === 'percent';
  const form = money
    ? /^-?\$[\d,]+(\.\d+)?$/
    : percent
      ? /^-?[\d,]+(\.\d)? %$/
      : /^-?[\d,]+(\.\d+)?$/;
  if (!form.test(text)) return false;
  const shown = Number(text.replaceAll(/[$,% ]/g, ''));
  const most = Math.abs(value);
  const digits = percent ? 1 : money ? (most < 1 ? 4 : 2) : most >= 100 ? 1 : most >= 1 ? 2 : 4;
  const exact = Number.isInteger(value) && !money;
  return exact ? shown === value : Math.abs(shown - value) <= 0.5 * 10 ** -digits + 1e-12 * most;
}
