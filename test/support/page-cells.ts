import type { Page } from 'playwright-core';

/** A cell of a table on a page: what it says, and the whole value where a title holds it. */
export interface PageCell {
  column: string;
  text: string;
  title: string | null;
}

/** Ticks every column in the picker of an analysis' table, so that nothing is hidden. */
export function showAllColumns(page: Page, analysis: string): Promise<void> {
  return page.evaluate((name) => {
    const boxes = document.querySelectorAll<HTMLInputElement>(
      `section[data-analysis="${name}"] .columns input`,
    );
    for (const box of boxes) if (!box.checked) box.click();
  }, analysis);
}

/** The cells of the table of an analysis' panel, row by row. */
export function cellsOf(page: Page, analysis: string): Promise<PageCell[][]> {
  return page.evaluate(
    (name) =>
      [...document.querySelectorAll(`section[data-analysis="${name}"] tbody tr`)].map((line) =>
        [...line.querySelectorAll<HTMLElement>('td[data-column]')].map((cell) => ({
          column: cell.dataset['column'] ?? '',
          text: cell.textContent ?? '',
          title: cell.querySelector<HTMLElement>('a[title], span[title]')?.title ?? null,
        })),
      ),
    analysis,
  );
}

/** A number as the pages print it: a narrow space between thousands. */
export const english = (value: number): string =>
  value.toLocaleString('en-US').replaceAll(',', '\u202f');

/** Why a cell does not say a value; null when it does. Numbers are read back, to the digits shown. */
export function cellFault(cell: PageCell, value: unknown, unit: string | undefined): string | null {
  const fault = `${cell.column} says ${JSON.stringify(cell.text)} for ${JSON.stringify(value)}`;
  const says = (text: string) => (cell.text === text ? null : fault);
  if (value === null || value === undefined || value === '') return says('–');
  if (typeof value === 'boolean') return says(value ? 'yes' : 'no');
  if (typeof value === 'number') return saysNumber(cell.text, value, unit) ? null : fault;
  if (cell.column === 'evidence_event_ids') return saysIds(cell.text, value) ? null : fault;
  if (Array.isArray(value)) return says(value.map(String).join(', '));
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (unit === 'instant')
    return Date.parse(`${cell.text.replace(' ', 'T')}Z`) === Date.parse(text) ? null : fault;
  if (cell.column === 'event_id') return says(text.slice(0, 8));
  // What is shortened or has a name of its own says the whole value in its title.
  if (cell.title !== null && cell.text !== text) {
    return cell.title.replace(/^Only [a-z]+ /, '') === text && cell.text !== '' ? null : fault;
  }
  if (cell.column === 'object_id') return says('raw');
  return says(text);
}

const ids_shown = 3;

function saysIds(text: string, value: unknown): boolean {
  const ids = (value as string[]).map((id) => id.slice(0, 8));
  const rest = ids.length - ids_shown;
  return text === ids.slice(0, ids_shown).join('') + (rest > 0 ? `and ${rest} more` : '');
}

function saysNumber(text: string, value: number, unit = ''): boolean {
  const money = /USD/i.test(unit);
  const percent = unit === '%' || unit === 'percent' || unit === 'share';
  const meant = unit === 'share' ? 100 * value : value;
  const form = money
    ? /^−?\$[\d\u202f]+(\.\d+)?$/
    : percent
      ? /^-?[\d\u202f]+(\.\d)?\u202f%$/
      : /^-?[\d\u202f]+(\.\d+)?$/;
  if (!form.test(text)) return false;
  const shown = Number(text.replaceAll(/[$%\u202f]/g, '').replace('−', '-'));
  const most = Math.abs(meant);
  const half = percent ? 0.05 : money ? halfCent(most) : halfOf(most);
  const exact = Number.isInteger(meant) && !money;
  return exact ? shown === meant : Math.abs(shown - meant) <= half + 1e-12 * most;
}

/** Dollars: whole from a thousand up, cents, and two digits of what is less than a cent. */
function halfCent(most: number): number {
  if (most >= 1_000) return 0.5;
  if (most >= 0.01 || most === 0) return 0.005;
  return 0.5 * 10 ** (Math.floor(Math.log10(most)) - 1);
}

const halfOf = (most: number) => 0.5 * 10 ** -(most >= 100 ? 1 : most >= 1 ? 2 : 4);
