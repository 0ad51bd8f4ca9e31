import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { columnsOf, headline_columns_max, headlineOf } from '../../analytics/columns.ts';
import { titleOf } from '../../analytics/column-titles.ts';
import { analyses } from '../../analytics/registry.ts';

describe('columns for display', () => {
  it('are 5 to 8 chosen ones of each wide row, all of a narrow one', async () => {
    const faults = [...(await analyses()).values()].flatMap((analysis) => {
      const all = Object.keys(analysis.row.shape);
      const shown = headlineOf(analysis);
      const wrong = [
        ...(all.length > headline_columns_max && analysis.headline.length === 0
          ? [`${all.length} columns and no headline: choose 5 to 8 of them`]
          : []),
        ...(shown.length > headline_columns_max ? [`${shown.length} columns are too many`] : []),
        ...(shown.length < Math.min(3, all.length) ? [`${shown.length} columns are too few`] : []),
        ...(new Set(shown).size < shown.length ? ['a column twice'] : []),
        ...shown.filter((name) => !all.includes(name)).map((name) => `no column ${name}`),
      ];
      return wrong.map((fault) => `${analysis.name}: ${fault}`);
    });
    expect(faults).toEqual([]);
  });

  it('have titles that differ within a row and do not repeat the unit', async () => {
    const faults = [...(await analyses()).values()].flatMap((analysis) => {
      const columns = columnsOf(analysis);
      const titles = columns.map((column) => column.title);
      return [
        ...titles.filter((title, i) => titles.indexOf(title) !== i),
        ...columns
          .filter(({ title, unit }) => unit === 'USD' && /usd|dollar/i.test(title))
          .map(({ title }) => title),
        ...columns
          .filter(({ title, unit }) => /^(%|percent)$/.test(unit ?? '') && /percent$/i.test(title))
          .map(({ title }) => title),
      ].map((title) => `${analysis.name}: ${title}`);
    });
    expect(faults).toEqual([]);
  });

  it('take unit, title and meaning from the field, also inside a nullable one', () => {
    const row = z.object({
      saving_usd_monthly: z.number().meta({ unit: 'USD', description: 'inner' }).nullable(),
      kms_events: z.number().meta({ unit: 'events', title: 'Own title', headline: true }),
      tags: z.array(z.string()).meta({ description: 'list' }),
    });
    expect(columnsOf({ row, headline: [] })).toEqual([
      {
        name: 'saving_usd_monthly',
        title: 'Saving a month',
        unit: 'USD',
        description: 'inner',
        headline: false,
      },
      { name: 'kms_events', title: 'Own title', unit: 'events', description: '', headline: true },
      { name: 'tags', title: 'Tags', unit: null, description: 'list', headline: false },
    ]);
  });

  it('are titled in sentence case by rule where no title is given', () => {
    expect(titleOf('cost_copies_usd_monthly')).toBe('Cost copies a month');
    expect(titleOf('gap_percent')).toBe('Gap');
    expect(titleOf('origin_ip')).toBe('Origin IP');
    expect(titleOf('last_used_at')).toBe('Last used');
  });
});
