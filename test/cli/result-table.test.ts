import { describe, expect, test } from 'vitest';
import { coloured, wantsColour } from '../../cli/colour.ts';
import { resultTable, type TableColumn } from '../../cli/result-table.ts';

const column = (name: string, more: Partial<TableColumn> = {}): TableColumn => ({
  name,
  unit: null,
  title: null,
  headline: false,
  ...more,
});
const columns = [
  column('key', { headline: true }),
  column('calls', { unit: 'calls', headline: true }),
  column('cost_usd', { unit: 'USD', title: 'cost', headline: true }),
  column('note'),
];
const arn = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const rows = [{ key: arn, calls: 1234, cost_usd: 0.5, note: 'long '.repeat(30) }];

const lengths = (text: string) => text.split('\n').map((line) => line.length);

describe('resultTable', () => {
  test('shows the headline columns and names the others', () => {
    const text = resultTable(columns, rows, { width: 80 });
    expect(text).toContain('cost (USD)');
    expect(text).toContain('1,234');
    expect(text).toContain('111122223333 eu-west-1 key/1234abcd…');
    expect(text).toContain('not shown: note (--wide shows all, --columns picks)');
    expect(Math.max(...lengths(text))).toBeLessThanOrEqual(80);
  });

  test.each([40, 60, 80, 100, 160])(
    'never exceeds %i characters and says what it dropped',
    (width) => {
      const many = Array.from({ length: 20 }, (_, i) => column(`column_${i}`));
      const wide = [
        Object.fromEntries(many.map(({ name }) => [name, `${name} ${'x'.repeat(40)}`])),
      ];
      const text = resultTable(many, wide, { width });
      expect(Math.max(...lengths(text))).toBeLessThanOrEqual(width);
      const shown = many.filter(({ name }) => text.includes(`${name} x`)).map(({ name }) => name);
      const said = text.slice(text.indexOf('not shown:'));
      const dropped = many
        .map(({ name }) => name)
        .filter((name) => new RegExp(`\\b${name}\\b`).test(said));
      expect([...shown, ...dropped].sort()).toEqual(many.map(({ name }) => name).sort());
      expect(shown.length).toBeGreaterThan(0);
    },
  );

  test('shows a name in place of an id, and both when wide', () => {
    const labelOf = (text: string) => (text === arn ? 'alias/payments (1234abcd)' : null);
    expect(resultTable(columns, rows, { width: 80, labelOf })).toContain(
      'alias/payments (1234abcd)',
    );
    const wide = resultTable(columns, rows, { width: 80, wide: true, labelOf });
    expect(wide).toContain(`alias/payments (1234abcd) ${arn}`);
    expect(wide).toContain('long long');
  });

  test('shows exactly the columns asked for', () => {
    const text = resultTable(columns, rows, { width: 80, columns: ['note', 'calls'] });
    expect(text.indexOf('note')).toBeLessThan(text.indexOf('calls'));
    expect(text).not.toContain('cost');
    expect(text).not.toContain('not shown');
  });

  test('makes control characters visible', () => {
    const text = resultTable([column('a')], [{ a: 'x\u001b[31m\u202e' }], { width: 80 });
    expect(text).not.toContain('\u001b');
    expect(text).not.toContain('\u202e');
  });
});

describe('colour', () => {
  test('is for terminals, unless NO_COLOR or a dumb terminal refuses it', () => {
    expect(wantsColour({ isTTY: true }, {})).toBe(true);
    expect(wantsColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
    expect(wantsColour({}, {})).toBe(false);
  });

  test('marks severities and full quotas, and nothing else', () => {
    const red = (text: string) => `\u001b[31m${text}\u001b[39m`;
    const yellow = (text: string) => `\u001b[33m${text}\u001b[39m`;
    expect(coloured('high', { name: 'severity', unit: null }, 'high')).toBe(red('high'));
    expect(coloured('low', { name: 'severity', unit: null }, 'low')).toBe('low');
    const used = { name: 'utilisation_peak_percent', unit: '%' };
    expect(coloured('101', used, 101)).toBe(red('101'));
    expect(coloured('80', used, 80)).toBe(yellow('80'));
    expect(coloured('79.9', used, 79.9)).toBe('79.9');
    expect(coloured('100', { name: 'kms_share_percent', unit: '%' }, 100)).toBe('100');
  });
});
